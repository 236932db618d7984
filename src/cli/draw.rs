//! Graphs as pictures.

use serde_json::json;

use crate::service::{ErrorReply, shape};

use super::{arguments::DrawingFormat, exit, output::Output};

/// Draws the graph `name`.
pub(super) fn graph(output: Output, name: &str, format: DrawingFormat) -> Result<u8, ErrorReply> {
    let graph = shape(name)?;
    let (format, text) = match format {
        DrawingFormat::Mermaid => ("mermaid", graph.drawing().mermaid()),
        DrawingFormat::Dot => ("dot", graph.drawing().dot()),
        DrawingFormat::Svg => ("svg", graph.drawing().svg()),
    };
    match output.json {
        true => output.value(&json!({ "graph": name, "format": format, "drawing": text }))?,
        false => output.text(&text)?,
    }
    Ok(exit::DONE)
}
