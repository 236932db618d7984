//! The code in a model's answer.

use holdpoint::generation::answer::{self, Unreadable};
use proptest::prelude::*;

#[test]
fn code_is_found_in_answers() {
    let check = |text: &str, expected: Result<&str, Unreadable>| {
        assert_eq!(answer::code(text), expected.map(String::from), "{text:?}");
    };
    // Bare answers.
    check("results = {}", Ok("results = {}"));
    check("\n\n  \nx = 1\n\n\n", Ok("x = 1"));
    check("\u{feff}x = 1", Ok("x = 1"));
    check("if x:\r\n    y = 1\r\n", Ok("if x:\r\n    y = 1"));
    check("x = '```'\ny = 2", Ok("x = '```'\ny = 2"));
    check(
        "d = \"\"\"\n```python\nx\n```\n\"\"\"\nx = 1",
        Ok("d = \"\"\"\n```python\nx\n```\n\"\"\"\nx = 1"),
    );
    check(
        "# it's \"\"\" a comment\nx = 1",
        Ok("# it's \"\"\" a comment\nx = 1"),
    );
    check("", Err(Unreadable::Empty));
    check(" \r\n\n", Err(Unreadable::Empty));
    // One block.
    check("```python\nx = 1\n```", Ok("x = 1"));
    check("\u{feff}```Python\nx = 1\n```\n", Ok("x = 1"));
    check("```\nx = 1\n```", Ok("x = 1"));
    check("~~~py\nx = 1\n~~~", Ok("x = 1"));
    check("```{python}\nx = 1\n```", Ok("x = 1"));
    check("```python title=\"a.py\"\nx = 1\n```", Ok("x = 1"));
    check(
        "Here's the code:\n\n```python\nx = 1\n```\nIt's done.",
        Ok("x = 1"),
    );
    check("```python\r\nx = 1\r\ny = 2\r\n```\r\n", Ok("x = 1\r\ny = 2"));
    check("```python\n\n  x = 1\n\n```", Ok("\n  x = 1\n"));
    check("````python\nx = 1\n```\ny = 2\n````", Ok("x = 1\n```\ny = 2"));
    check("~~~\nx = 1\n```\n~~~", Ok("x = 1\n```"));
    check("  ```python\n  x = 1\n  ```", Ok("  x = 1"));
    // A fence in a string of the block.
    check(
        "```python\nd = '''\n```\ntext\n```\n'''\nx = 1\n```\nDone.",
        Ok("d = '''\n```\ntext\n```\n'''\nx = 1"),
    );
    check(
        "```python\nd = \"it's\" + '\\'' # \"\"\"\n```\ntext",
        Ok("d = \"it's\" + '\\'' # \"\"\""),
    );
    check(
        "```python\nd = '''never closed\n```\nDone.",
        Ok("d = '''never closed"),
    );
    // Several blocks.
    check(
        "```python\nx = 1\n```\nor\n```python\nx = 1\ny = 2\n```",
        Ok("x = 1\ny = 2"),
    );
    check("```python\na = 1\n```\nor\n```python\nb = 1\n```", Ok("b = 1"));
    check(
        "```\nmuch longer than the code\n```\n```python\nx = 1\n```",
        Ok("x = 1"),
    );
    check(
        "```bash\npip install it's\n```\n```python\nx = 1\n```",
        Ok("x = 1"),
    );
    check("```json\n{}\n```", Err(Unreadable::Empty));
    check("```python\n\n```", Err(Unreadable::Empty));
    check("```python\n```", Err(Unreadable::Empty));
    // Cut off.
    check("```python\nx = 1\n", Err(Unreadable::Open));
    check(
        "```python\nx = 1\n```\nand\n```python\ny = 2",
        Err(Unreadable::Open),
    );
    check("```python", Err(Unreadable::Open));
    // Thoughts.
    check(
        "<think>\n```python\nwrong = 1\n```\n</think>\n\nx = 1\n",
        Ok("x = 1"),
    );
    check("\n<think>hm", Err(Unreadable::Open));
    check("x = '<think>'", Ok("x = '<think>'"));
}

proptest! {
    #[test]
    fn a_fenced_program_comes_out_as_it_went_in(
        code in prop_oneof![
            any::<String>(),
            "([ -~\r\t'\"\\\\#`]{0,20}\n){0,8}[ -~'\"`]{0,20}",
        ]
        .prop_filter("no fence lines, some code", |code| {
            !code.trim().is_empty() && !code.lines().any(|line| line.trim().starts_with("```"))
        })
    ) {
        prop_assert_eq!(answer::code(&format!("```python\n{code}\n```")), Ok(code.clone()));
        prop_assert_eq!(answer::code(&format!("Sure, it's:\n\n```python\n{code}\n```\nDone.")), Ok(code));
    }

    #[test]
    fn no_answer_is_too_odd_to_be_read(text in "(```|~~~|python|'''|\"\"\"|\\\\|\n|\r\n|é| |#|<think>|</think>|x){0,40}") {
        if let Ok(code) = answer::code(&text) {
            prop_assert!(!code.trim().is_empty());
            prop_assert!(text.contains(&code));
        }
    }
}
