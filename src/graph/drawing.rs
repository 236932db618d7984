//! A graph as a picture: Mermaid, DOT and SVG.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    END, Graph, NodeClass, START,
    definition::{Edge, EdgeKind},
};

/// A graph's drawing.
pub struct Drawing<'a>(&'a Graph);

impl Graph {
    /// Its drawing.
    pub fn drawing(&self) -> Drawing<'_> {
        Drawing(self)
    }
}

impl Drawing<'_> {
    fn label(&self, node: &str) -> String {
        match node {
            START => "START".into(),
            END => "END".into(),
            other => other.into(),
        }
    }

    fn effect(&self, node: &str) -> bool {
        self.0
            .node(node)
            .is_some_and(|spec| spec.class == NodeClass::Effect)
    }

    fn held(&self, node: &str) -> bool {
        self.0.hold_point().is_some_and(|hold| hold.behind.contains(node))
    }

    fn names(&self) -> Vec<String> {
        let nodes = self.0.nodes().map(|node| node.name.clone());
        std::iter::once(START.to_owned())
            .chain(nodes)
            .chain(std::iter::once(END.to_owned()))
            .collect()
    }

    /// As a Mermaid flow chart; nodes behind the hold point stand in its box.
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        for name in self.names() {
            let label = self.label(&name);
            let shape = match name.as_str() {
                START | END => format!("([{label}])"),
                _ if self.effect(&name) => format!("[[{label}]]"),
                _ => format!("[{label}]"),
            };
            let class = if self.held(&name) { ":::held" } else { "" };
            let _ = writeln!(text, "    {name}{shape}{class}");
        }
        for Edge { from, to, kind } in self.0.edges() {
            let arrow = match kind {
                EdgeKind::Always => "-->",
                EdgeKind::Branch => "-.->",
                EdgeKind::FanOut => "==>",
            };
            let _ = writeln!(text, "    {from} {arrow} {to}");
        }
        text.push_str("    classDef held stroke-width:3px\n");
        text
    }

    /// As a Graphviz graph.
    pub fn dot(&self) -> String {
        let mut text = format!("digraph {:?} {{\n    node [shape=box];\n", self.0.name());
        for name in self.names() {
            let shape = if name == START || name == END {
                ", shape=oval"
            } else {
                ""
            };
            let border = if self.held(&name) { ", penwidth=3" } else { "" };
            let _ = writeln!(
                text,
                "    {name:?} [label={:?}{shape}{border}];",
                self.label(&name)
            );
        }
        for Edge { from, to, kind } in self.0.edges() {
            let style = match kind {
                EdgeKind::Always => "",
                EdgeKind::Branch => " [style=dashed]",
                EdgeKind::FanOut => " [style=bold]",
            };
            let _ = writeln!(text, "    {from:?} -> {to:?}{style};");
        }
        text.push_str("}\n");
        text
    }

    /// As an SVG picture: nodes in rows by their distance from the start, edges back to an earlier
    /// row as curves on the right.
    pub fn svg(&self) -> String {
        const WIDTH: i32 = 150;
        const HEIGHT: i32 = 36;
        const GAP_X: i32 = 40;
        const GAP_Y: i32 = 48;
        let rows = self.rows();
        let widest = rows.iter().map(Vec::len).max().unwrap_or(1);
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX / 1000);
        let inner = count(widest) * (WIDTH + GAP_X) + GAP_X;
        let (total_width, total_height) = (inner + 160, count(rows.len()) * (HEIGHT + GAP_Y) + GAP_Y);
        let mut places: BTreeMap<&str, (i32, i32)> = BTreeMap::new();
        for (row, names) in rows.iter().enumerate() {
            let left = (inner - count(names.len()) * (WIDTH + GAP_X) + GAP_X) / 2;
            for (column, name) in names.iter().enumerate() {
                let x = left + count(column) * (WIDTH + GAP_X);
                places.insert(name, (x, GAP_Y / 2 + count(row) * (HEIGHT + GAP_Y)));
            }
        }
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total_width} {total_height}\" \
             font-family=\"sans-serif\" font-size=\"14\">\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" \
             refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n"
        );
        for Edge { from, to, kind } in self.0.edges() {
            let (Some(&(x1, y1)), Some(&(x2, y2))) = (places.get(from.as_str()), places.get(to.as_str()))
            else {
                continue;
            };
            let dash = if kind == EdgeKind::Branch {
                " stroke-dasharray=\"5 4\""
            } else {
                ""
            };
            let width = if kind == EdgeKind::FanOut { 3 } else { 1 };
            let path = if y2 > y1 {
                let (ax, ay, bx, by) = (x1 + WIDTH / 2, y1 + HEIGHT, x2 + WIDTH / 2, y2);
                if by - ay <= GAP_Y {
                    format!("M{ax} {ay}L{bx} {by}")
                } else {
                    let side = inner.min(ax.max(bx) + WIDTH);
                    format!("M{ax} {ay}C{side} {ay} {side} {by} {bx} {by}")
                }
            } else {
                let (ax, ay, bx, by) = (x1 + WIDTH, y1 + HEIGHT / 2, x2 + WIDTH, y2 + HEIGHT / 2);
                let side = inner + 20 + (ay - by) / 6;
                format!("M{ax} {ay}C{side} {ay} {side} {by} {bx} {by}")
            };
            let _ = writeln!(
                text,
                "<path d=\"{path}\" fill=\"none\" stroke=\"#333\" stroke-width=\"{width}\"{dash} marker-end=\"url(#arrow)\"/>"
            );
        }
        for (name, (x, y)) in &places {
            let round = if *name == START || *name == END {
                HEIGHT / 2
            } else {
                5
            };
            let (fill, stroke) = if self.held(name) {
                ("#fff3d6", 3)
            } else {
                ("#f4f6f8", 1)
            };
            let (cx, cy) = (x + WIDTH / 2, y + HEIGHT / 2 + 5);
            let _ = writeln!(
                text,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\" fill=\"{fill}\" \
                 stroke=\"#333\" stroke-width=\"{stroke}\"/><text x=\"{cx}\" y=\"{cy}\" text-anchor=\"middle\">{}</text>",
                self.label(name)
            );
        }
        text.push_str("</svg>\n");
        text
    }

    /// The nodes by their distance from the start; the end stands last, alone.
    fn rows(&self) -> Vec<Vec<String>> {
        let edges = self.0.edges();
        let mut rows = vec![vec![START.to_owned()]];
        let mut seen = vec![START.to_owned()];
        while let Some(last) = rows.last() {
            let mut next: Vec<String> = edges
                .iter()
                .filter(|edge| last.contains(&edge.from) && !seen.contains(&edge.to) && edge.to != END)
                .map(|edge| edge.to.clone())
                .collect();
            next.sort();
            next.dedup();
            if next.is_empty() {
                break;
            }
            seen.extend(next.clone());
            rows.push(next);
        }
        rows.push(vec![END.to_owned()]);
        rows
    }
}
