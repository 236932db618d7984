//! A graph as a picture: Mermaid, DOT and SVG.

use std::{cmp::Ordering, fmt::Write};

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

    /// As an SVG picture: the nodes in one column, jumps over rows on its left, ways back on its right.
    pub fn svg(&self) -> String {
        let names = self.column();
        let labels: Vec<String> = names.iter().map(|name| escaped(&self.label(name))).collect();
        let ways = self.ways(&names);
        let plan = Plan::new(&names, &ways);
        let (total_width, total_height) = plan.size(&ways);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total_width} {total_height}\" \
             width=\"{total_width}\" height=\"{total_height}\" font-family=\"sans-serif\" font-size=\"14\" \
             style=\"background:#fff\">\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
             markerUnits=\"userSpaceOnUse\" markerWidth=\"9\" markerHeight=\"9\" orient=\"auto\">\
             <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n"
        );
        for (index, way) in ways.iter().enumerate() {
            let (dash, width) = match way.kind {
                EdgeKind::Always => ("", 1),
                EdgeKind::Branch => (" stroke-dasharray=\"5 4\"", 1),
                EdgeKind::FanOut => ("", 3),
            };
            let _ = writeln!(
                text,
                "<path d=\"{}\" fill=\"none\" stroke=\"#333\" stroke-width=\"{width}\"{dash} \
                 marker-end=\"url(#arrow)\"/>",
                plan.path(&ways, index)
            );
        }
        for (row, (name, label)) in names.iter().zip(&labels).enumerate() {
            let round = match name.as_str() {
                START | END => 12,
                _ => 4,
            };
            let (fill, stroke) = match self.held(name) {
                true => ("#fff3d6", 3),
                false => ("#f4f6f8", 1),
            };
            let (x, y) = (plan.left, plan.top(row));
            let (cx, cy) = (x + plan.width / 2, y + plan.height / 2 + 5);
            let _ = writeln!(
                text,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"{round}\" fill=\"{fill}\" \
                 stroke=\"#333\" stroke-width=\"{stroke}\"/><text x=\"{cx}\" y=\"{cy}\" \
                 text-anchor=\"middle\">{label}</text>",
                plan.width, plan.height
            );
        }
        let _ = writeln!(
            text,
            "<text x=\"{MARGIN}\" y=\"{}\" font-size=\"12\" fill=\"#555\">{LEGEND}</text>\n</svg>",
            total_height - MARGIN
        );
        text
    }

    /// The nodes breadth first from the start; the end stands last.
    fn column(&self) -> Vec<String> {
        let edges = self.0.edges();
        let mut column = vec![START.to_owned()];
        let mut next = 0;
        while let Some(from) = column.get(next).cloned() {
            for edge in edges.iter().filter(|edge| edge.from == from && edge.to != END) {
                if !column.contains(&edge.to) {
                    column.push(edge.to.clone());
                }
            }
            next += 1;
        }
        // What nothing leads to is drawn all the same.
        for name in self.names() {
            if name != END && !column.contains(&name) {
                column.push(name);
            }
        }
        column.push(END.to_owned());
        column
    }

    /// The edges, each with its side; on either side the shortest first, which run innermost.
    fn ways(&self, names: &[String]) -> Vec<Way> {
        let row = |name: &str| names.iter().position(|found| found == name);
        let mut edges = self.0.edges();
        edges.dedup();
        let mut ways: Vec<Way> = Vec::new();
        for Edge { from, to, kind } in edges {
            let (Some(from), Some(to)) = (row(&from), row(&to)) else {
                continue;
            };
            let drawn = ways.iter().any(|way| (way.from, way.to) == (from, to));
            let side = match (to == from + 1, to > from) {
                (true, _) if !drawn => Side::Between,
                (_, true) => Side::Left,
                (_, false) => Side::Right,
            };
            ways.push(Way { side, from, to, kind });
        }
        ways.sort_by_key(|way| (way.side, way.from.abs_diff(way.to), way.from));
        ways
    }
}

/// Between boxes.
const GAP: usize = 44;
/// Between the boxes and the innermost way beside them, and between two such ways.
const LANE: usize = 22;
/// Around everything.
const MARGIN: usize = 16;
/// What the kinds of lines mean.
const LEGEND: &str = "dashed: branch; thick line: fan-out; thick border: behind the hold point";
/// The width that the legend takes.
const LEGEND_WIDTH: usize = 440;

/// Where an edge runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// From a box straight down to the next.
    Between,
    Left,
    Right,
}

/// An edge, by the rows it connects.
struct Way {
    side: Side,
    from: usize,
    to: usize,
    kind: EdgeKind,
}

/// Where the boxes stand, in pixels.
struct Plan {
    left: usize,
    width: usize,
    height: usize,
    rows: usize,
}

impl Plan {
    fn new(names: &[String], ways: &[Way]) -> Self {
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let most_ends = (0..names.len())
            .flat_map(|row| [Side::Left, Side::Right].map(|side| ends(ways, row, side).len()))
            .max()
            .unwrap_or(0);
        Self {
            left: MARGIN + beside(ways, Side::Left),
            width: (longest * 9 + 32).max(150),
            height: (12 * (most_ends + 1)).max(36),
            rows: names.len(),
        }
    }

    /// Width and height of the whole, with the legend at the foot.
    fn size(&self, ways: &[Way]) -> (usize, usize) {
        let width = self.left + self.width + beside(ways, Side::Right) + MARGIN;
        (width.max(LEGEND_WIDTH + 2 * MARGIN), self.top(self.rows) + MARGIN)
    }

    /// The upper edge of a row's box.
    fn top(&self, row: usize) -> usize {
        MARGIN + row * (self.height + GAP)
    }

    /// The line of a way.
    fn path(&self, ways: &[Way], index: usize) -> String {
        let way = &ways[index];
        let (x, lane, corner) = match way.side {
            Side::Between => {
                let (x, below) = (self.left + self.width / 2, self.top(way.to));
                return format!("M{x} {}L{x} {below}", self.top(way.from) + self.height);
            }
            Side::Left => {
                let lane = self.left - LANE * nth(ways, index);
                (self.left, lane, lane + CORNER)
            }
            Side::Right => {
                let right = self.left + self.width;
                let lane = right + LANE * nth(ways, index);
                (right, lane, lane - CORNER)
            }
        };
        let (start, end) = (
            self.end(ways, index, way.from, true),
            self.end(ways, index, way.to, false),
        );
        let bend = CORNER.min(start.abs_diff(end) / 2);
        let (after, before) = match end > start {
            true => (start + bend, end - bend),
            false => (start - bend, end + bend),
        };
        format!(
            "M{x} {start}H{corner}Q{lane} {start} {lane} {after}V{before}Q{lane} {end} {corner} {end}H{x}"
        )
    }

    /// How far down a way's start or end touches the box of `row`.
    fn end(&self, ways: &[Way], index: usize, row: usize, start: bool) -> usize {
        let ends = ends(ways, row, ways[index].side);
        let place = ends.iter().position(|end| *end == (index, start)).unwrap_or(0);
        self.top(row) + self.height * (place + 1) / (ends.len() + 1)
    }
}

/// How wide a way's corners are rounded.
const CORNER: usize = 8;

/// The width that the ways on one side take.
fn beside(ways: &[Way], side: Side) -> usize {
    LANE * ways.iter().filter(|way| way.side == side).count()
}

/// Which way of its side it is, from 1 for the innermost.
fn nth(ways: &[Way], index: usize) -> usize {
    let before = ways[..=index].iter();
    before.filter(|way| way.side == ways[index].side).count()
}

/// The starts (`true`) and ends of ways on one side of a row's box, from top to bottom: what comes from
/// above touches it above, and ways that run further out nearer to its middle, so that they cross
/// as little as they can.
fn ends(ways: &[Way], row: usize, side: Side) -> Vec<(usize, bool)> {
    let beside = (0..ways.len()).filter(|index| ways[*index].side == side);
    let mut ends: Vec<(usize, bool)> = beside
        .flat_map(|index| [(index, true), (index, false)])
        .filter(|&(index, start)| row == if start { ways[index].from } else { ways[index].to })
        .collect();
    ends.sort_by_key(|&(index, start)| {
        let other = if start { ways[index].to } else { ways[index].from };
        match other.cmp(&row) {
            Ordering::Less => (0, index),
            Ordering::Equal => (1, usize::from(start)),
            Ordering::Greater => (2, ways.len() - index),
        }
    });
    ends
}

/// Text as XML takes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
