//! A scan that refuses what would exhaust the stack of a recursive parser.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

use super::intake::Refusal;

/// The deepest chain of operators, attributes and calls. CPython itself gives up between 5,000 and
/// 10,000.
const MAX_CHAIN: usize = 3_000;

/// CPython refuses more nested brackets than this.
const MAX_BRACKETS: usize = 200;

/// CPython refuses more levels of indentation than this.
const MAX_INDENT: usize = 100;

/// One open bracket or interpolated string, and what its current element has chained so far.
struct Level {
    /// The token that closes it.
    closer: TokenKind,
    /// Operators since the last comma: a comma begins another element.
    operators: usize,
    /// Lambdas and yields, which go on nesting behind a comma.
    lasting: usize,
}

impl Level {
    fn closed_by(closer: TokenKind) -> Self {
        Self {
            closer,
            operators: 0,
            lasting: 0,
        }
    }
}

/// Refuses text whose syntax tree would be too deep, looking at tokens only.
///
/// Every token that can add a level to the tree is counted, keywords included; what is flat in the
/// tree (elements, statements) resets the count.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut levels = vec![Level::closed_by(TokenKind::EndOfFile)];
    let mut depth = 0_usize;
    let mut indent = 0_usize;
    let mut line = 1_u32;
    loop {
        let kind = lexer.next_token();
        let opened = match kind {
            TokenKind::EndOfFile => return Ok(()),
            TokenKind::Lpar => Some(TokenKind::Rpar),
            TokenKind::Lsqb => Some(TokenKind::Rsqb),
            TokenKind::Lbrace => Some(TokenKind::Rbrace),
            TokenKind::FStringStart => Some(TokenKind::FStringEnd),
            TokenKind::TStringStart => Some(TokenKind::TStringEnd),
            _ => None,
        };
        let outermost = levels.len() == 1;
        let Some(top) = levels.last_mut() else {
            return Ok(());
        };
        if let Some(closer) = opened {
            top.operators += 1;
            depth += 1;
            levels.push(Level::closed_by(closer));
            if levels.len() > MAX_BRACKETS {
                return Err(Refusal::syntax(line, "too many nested parentheses"));
            }
            continue;
        }
        match kind {
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                if top.closer != kind {
                    return Err(Refusal::syntax(line, "a closing bracket has no opening bracket"));
                }
                depth -= top.operators + top.lasting;
                levels.pop();
            }
            TokenKind::Newline | TokenKind::Semi if outermost => {
                *top = Level::closed_by(TokenKind::EndOfFile);
                depth = 0;
                line += u32::from(kind == TokenKind::Newline);
            }
            TokenKind::Comma => {
                depth -= top.operators;
                top.operators = 0;
            }
            TokenKind::Indent => {
                indent += 1;
                if indent > MAX_INDENT {
                    return Err(Refusal::syntax(line, "too many levels of indentation"));
                }
            }
            TokenKind::Dedent => indent = indent.saturating_sub(1),
            TokenKind::Lambda | TokenKind::Yield => {
                top.lasting += 1;
                depth += 1;
            }
            TokenKind::NonLogicalNewline => line += 1,
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle
            | TokenKind::Comment
            | TokenKind::Newline => {}
            _ => {
                top.operators += 1;
                depth += 1;
            }
        }
        if depth > MAX_CHAIN {
            return Err(Refusal::unanalysable(
                "too_deep",
                format!("Line {line} nests or chains more than {MAX_CHAIN} operations."),
            ));
        }
    }
}
