//! The story as a page of its own: no scripts, nothing loaded from elsewhere, nothing from outside as markup.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest as _, Sha256};

use super::{
    story::{Block, Output, Section, Span, Story},
    text::plain,
};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--bad:#b3261e}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1,h2{line-height:1.25}\
h2{margin-top:2rem}\
pre{font:13px/1.45 ui-monospace,monospace;overflow-x:auto;padding:.75rem;margin:.5rem 0;border:1px solid var(--line);\
border-radius:6px;tab-size:4}\
code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}\
pre.program{background:var(--soft)}\
pre.stderr,pre.error{border-left:4px solid var(--bad)}\
figure{margin:1rem 0}\
figure img{max-width:100%;background:#fff}\
figcaption{font-size:.85em;opacity:.75;overflow-wrap:anywhere}\
li{overflow-wrap:anywhere}\
.label{font-size:.75em;text-transform:uppercase;letter-spacing:.06em;opacity:.7;margin:1rem 0 0}";

/// The page as it stands in its file.
pub(super) fn page(story: &Story<'_>) -> String {
    let style = BASE64.encode(Sha256::digest(STYLE.as_bytes()));
    let title = text(&story.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
         style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    for section in &story.before {
        add_section(&mut page, section);
    }
    page.push_str("<section id=\"code\">\n<h2>Code</h2>\n");
    add_block(&mut page, "program", story.code);
    for output in &story.outputs {
        add_output(&mut page, output);
    }
    page.push_str("</section>\n");
    for section in &story.after {
        add_section(&mut page, section);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn add_section(page: &mut String, section: &Section) {
    page.push_str(&format!("<section id=\"{}\">\n", section.name));
    for block in &section.blocks {
        match block {
            Block::Heading(level, heading) => {
                page.push_str(&format!("<h{level}>{}</h{level}>\n", text(heading)));
            }
            Block::Line(line) => page.push_str(&format!("<p>{}</p>\n", text(line))),
            Block::List(items) => {
                page.push_str("<ul>\n");
                for spans in items {
                    page.push_str("<li>");
                    for span in spans {
                        page.push_str(&match span {
                            Span::Text(part) => text(part),
                            Span::Code(part) => format!("<code>{}</code>", text(part)),
                        });
                    }
                    page.push_str("</li>\n");
                }
                page.push_str("</ul>\n");
            }
            Block::Verbatim(block) => add_block(page, "quoted", block),
        }
    }
    page.push_str("</section>\n");
}

fn add_output(page: &mut String, output: &Output) {
    match output {
        Output::Stream { name, text } => {
            let label = match name.as_str() {
                "stderr" => "Standard error",
                _ => "Standard output",
            };
            add_label(page, label);
            add_block(page, name, text);
        }
        Output::Image { media_type, base64 } => {
            page.push_str(&format!(
                "<figure>\n<img alt=\"\" src=\"data:{media_type};base64,{base64}\">\n</figure>\n"
            ));
        }
        Output::Shown(text) => add_block(page, "shown", text),
        Output::Figure { path, png } => {
            let path = text(path);
            page.push_str(&format!(
                "<figure>\n<img alt=\"{path}\" src=\"data:image/png;base64,{}\">\n\
                 <figcaption>{path}</figcaption>\n</figure>\n",
                BASE64.encode(png)
            ));
        }
        Output::Results { text, .. } => {
            add_label(page, "Results");
            add_block(page, "results", text);
        }
        Output::Error {
            name,
            message,
            traceback,
        } => {
            add_label(page, "Error");
            let traceback = match traceback.is_empty() {
                true => format!("{name}: {message}"),
                false => traceback.join("\n"),
            };
            add_block(page, "error", &traceback);
        }
    }
}

fn add_label(page: &mut String, label: &str) {
    page.push_str(&format!("<p class=\"label\">{label}</p>\n"));
}

fn add_block(page: &mut String, class: &str, block: &str) {
    // A line break right after the tag is not shown, so one that belongs to the text is not lost behind it.
    page.push_str(&format!("<pre class=\"{class}\">\n{}</pre>\n", text(block)));
}

/// Text in which nothing is markup, in an element or in an attribute in quotes.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}
