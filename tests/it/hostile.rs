//! Programs made to make an analyzer overflow, hang or blunder. The benchmark times the same ones.

use std::fmt::Write as _;

/// `unit` again and again, up to `bytes`.
fn fill(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len())
}

/// `open`s, `core`, and as many `close`s, up to `bytes`.
fn nest(open: &str, core: &str, close: &str, bytes: usize) -> String {
    let times = bytes / (open.len() + close.len());
    format!("{}{core}{}", open.repeat(times), close.repeat(times))
}

/// Blocks in blocks, as far as `bytes` go.
fn blocks(header: &str, bytes: usize) -> String {
    let mut code = String::new();
    for level in 0.. {
        if code.len() + level + header.len() > bytes {
            break;
        }
        writeln!(code, "{}{header}", " ".repeat(level)).unwrap();
    }
    code
}

/// As many numbered lines as `bytes` hold.
fn lines(bytes: usize, line: impl Fn(usize) -> String) -> String {
    let mut code = String::new();
    for number in 0.. {
        let line = line(number);
        if code.len() + line.len() > bytes {
            break;
        }
        code.push_str(&line);
    }
    code
}

/// Each program with its name; none is much longer than `bytes`.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn programs(bytes: usize) -> Vec<(String, Vec<u8>)> {
    let fill = |unit: &str| fill(unit, bytes);
    let nest = |open: &str, core: &str, close: &str| nest(open, core, close, bytes);
    let mut programs = Vec::new();
    let mut add = |name: &str, code: String| programs.push((name.to_owned(), code.into_bytes()));

    // One thing and nothing else, inside of nothing.
    for unit in [
        "(",
        "[",
        "{",
        ")",
        "]",
        "}",
        "(]",
        "([{",
        "f'{",
        "f\"{",
        "f'''{",
        "t'{",
        "f'{x:",
        "rf'{",
        "'",
        "\"",
        "'''",
        "\\",
        "\\\n",
        "\n",
        "\r",
        "\r\n",
        "\x0c",
        "\t",
        " ",
        " \n",
        "\n ",
        "\n\t",
        ";",
        "x;",
        ":",
        ",",
        ".",
        "@",
        "@a\n",
        "#",
        "#\n",
        "!",
        "$",
        "?",
        "é",
        "ﬁ",
        "\u{2028}",
        "\u{feff}",
        "\u{200b}",
        "“",
        "0",
        "1_",
        "0x",
        "1e",
        "1j ",
        "a",
        "a ",
        "_\n",
        "p4p\n",
        "PV(",
        "epics.PV(",
        "DeviceProxy(",
        "p4p .put",
        "a.put(1)\n",
        "a.put(1);",
        "é.put(1);",
        "a.get(1)\n",
        ".put\n(",
        ".put ",
        "caput",
        "caput(",
        "caput ",
        "epics.caput('X', 1)\n",
        "def f():\n",
        "class A:\n",
        "if x:\n",
        "try:\n",
        "with (",
        "with a:\n",
        "match x:\n",
        "match (",
        "case ",
        "lambda:",
        "lambda ",
        "not ",
        "await ",
        "yield ",
        "async ",
        "import a\n",
        "from a import *\n",
        "import a.",
        "from .",
        "del ",
        "global a\n",
        "type X = ",
        "print(1)\n",
        "x = 1\n",
        "x=[\n",
        "\\\r",
        "'\\\n",
        "f'\\{",
        "f'{x!r:{",
        "b'a' ",
        "'a' ",
        "f'a' ",
        "\"\"\"a\"\"\"",
        "else:",
        "elif x:\n",
        "except* A:\n",
        "%x\n",
        "!ls\n",
        "*",
        "**",
        ":=",
        "->",
        "...",
    ] {
        add(&format!("only {unit:?}"), fill(unit));
    }

    // Long chains.
    for link in [
        "+1",
        "-1",
        "**1",
        "<1",
        ".b",
        "()",
        "[0]",
        "(1)",
        " and 1",
        " or 1",
        " if 1 else 1",
        " in 1",
        " is not 1",
        " not in 1",
        ", 1",
        "|1",
        "@1",
        " 'a'",
        " f'{1}'",
        " = x",
        ", *a",
        ",\n1",
        ".b()",
        "[0].c",
        "(a=1)",
        "[1:2]",
        " for a in b",
        "; x",
        ":1",
        "\\\n+1",
        ".put(1)",
        ".format(1)",
        "[::-1]",
        "+'a'",
        "%1",
        " if a",
        ".b\\\n",
    ] {
        add(&format!("chain of {link:?}"), format!("x = 1{}", fill(link)));
        add(
            &format!("chain of {link:?} in brackets"),
            format!("x = (1{})", fill(link)),
        );
        add(
            &format!("chain of {link:?} in an f-string"),
            format!("x = f'{{1{}}}'", fill(link)),
        );
    }
    for prefix in [
        "-",
        "~",
        "not ",
        "lambda: ",
        "lambda a, b: ",
        "lambda a=",
        "await ",
        "*",
        "**",
        "yield ",
        "yield from ",
        "(a := ",
        "x = ",
        "a: ",
        "1 if 1 else ",
        "1 + ",
        "1, ",
        "[*",
        "{**",
        "async ",
        "f(",
        "f(a=",
        "a[",
        "[a for b in ",
        "(1 if ",
        "return ",
        "@",
    ] {
        add(
            &format!("prefix {prefix:?}"),
            format!("async def f():\n x = {}1", fill(prefix)),
        );
    }

    // Deep and closed again.
    for (open, core, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("{1:", "1", "}"),
        ("f(", "1", ")"),
        ("a[", "1", "]"),
        ("(1,", "1", ")"),
        ("(-", "1", ")"),
        ("f'{", "1", "}'"),
        ("f\"{f'{", "1", "}'}\""),
        ("f'{x:{", "1", "}}'"),
        ("t'{", "1", "}'"),
        ("[a for a in ", "b", "]"),
        ("(lambda: ", "1", ")"),
        ("(a := ", "1", ")"),
        ("{**", "{}", "}"),
        ("(yield ", "1", ")"),
        ("(1 if ", "1", " else 1)"),
        ("[*", "[]", "]"),
        ("print(", "1", ")\n"),
    ] {
        add(
            &format!("nested {open:?}"),
            format!("x = {}", nest(open, core, close)),
        );
    }
    add(
        "nested case",
        format!("match x:\n case {}: pass", nest("[", "1", "]")),
    );
    add(
        "nested case of classes",
        format!("match x:\n case {}: pass", nest("A(b=", "1", ")")),
    );
    add(
        "nested case of mappings",
        format!("match x:\n case {}: pass", nest("{1: ", "1", "}")),
    );
    add("alternatives", format!("match x:\n case 1{}: pass", fill("|1")));
    add("annotation", format!("x: {} = 1", nest("a[", "b", "]")));
    add(
        "type parameters",
        format!("def f[{}]():\n pass", fill("A: int, ")),
    );
    add("decorator", format!("@{}a\ndef f(): pass", fill("a.")));
    add("with items", format!("with {}a:\n pass", fill("a, ")));
    add(
        "with items in brackets",
        format!("with ({}a):\n pass", fill("a as b, ")),
    );
    add(
        "with nested brackets",
        format!("with {}:\n pass", nest("(", "a", ")")),
    );
    add("withs that turn out to be none", fill("with (a, b\n"));
    add("matches that turn out to be none", fill("match (a, b)\n"));
    add(
        "match of a tuple",
        format!("match {}a:\n case _: pass", fill("a, ")),
    );

    // Blocks.
    for header in [
        "if x:",
        "else:",
        "def f():",
        "class A:",
        "while x:",
        "for a in b:",
        "try:",
        "with a:",
        "match x:",
        "case 1:",
        "async def f():",
        "if x: pass",
        "@a",
        "lambda:",
        "x = (",
    ] {
        add(&format!("blocks of {header:?}"), blocks(header, bytes));
    }
    add("elifs", format!("if x: pass\n{}", fill("elif x: pass\n")));
    add("excepts", format!("try: pass\n{}", fill("except A: pass\n")));
    add("cases", format!("match x:\n{}", fill(" case 1: pass\n")));
    add(
        "functions",
        lines(bytes, |number| {
            format!("def f{number}(a): return f{}(a)\n", number + 1)
        }),
    );
    add(
        "classes",
        lines(bytes, |number| {
            format!("class A{number}(A{}): pass\n", number.max(1) - 1)
        }),
    );
    add(
        "methods",
        format!(
            "class A:\n{}",
            lines(bytes, |number| format!(
                " def f{number}(self): self.a{number} = self.f{}()\n",
                number + 1
            ))
        ),
    );

    // Much of the same.
    add("one list", format!("x = [{}]", fill("1, ")));
    add("one dictionary", format!("x = {{{}}}", fill("'a': 1, ")));
    add("one string", format!("x = '{}'", fill("a")));
    add("one long string", format!("x = '''{}'''", fill("a\n")));
    add("one comment", format!("# {}\nx = 1", fill("a")));
    add("one f-string", format!("x = f'{}'", fill("{a}")));
    add("one name", format!("{} = 1", fill("a")));
    add("one wide name", format!("{} = 1", fill("ａ")));
    add("one number", format!("x = {}", fill("9")));
    add("one argument list", format!("f({})", fill("a, ")));
    add(
        "one parameter list",
        format!("def f({}): pass", lines(bytes, |number| format!("a{number}, "))),
    );
    add("one import", format!("from a import {}b", fill("b, ")));
    add("one global", format!("def f():\n global {}b", fill("b, ")));
    add("one unfinished string", format!("x = '{}", fill("a ")));
    add("one unfinished long string", format!("x = '''{}", fill("a\n")));
    add("one unfinished f-string", format!("x = f'''{}", fill("a {b} ")));
    add("one line with accents", format!("é = 1; {}", fill("a.put(1); ")));
    add("one bracket with lines", format!("x = (\n{}", fill("a\n")));
    add("one bracket with comments", format!("x = (\n{}", fill("# a\n")));
    add(
        "one bracket with statements",
        format!("x = (\n{}", fill("import a\n")),
    );

    // What a resolver follows.
    add(
        "names in a row",
        lines(bytes, |number| format!("a{} = a{number}\n", number + 1)),
    );
    add(
        "names against the row",
        lines(bytes, |number| format!("a{number} = a{}\n", number + 1)),
    );
    add(
        "aliases of a write",
        format!(
            "from epics import caput as a0\n{}",
            lines(bytes, |number| format!("a{} = a{number}\n", number + 1))
        ),
    );
    add("growing texts", format!("s = 'x'\n{}", fill("s = s + s\n")));
    add("folding texts", format!("x = {}''", fill("'a' + ")));
    add("joined texts", format!("x = ''.join([{}])", fill("'a', ")));
    add("multiplied texts", format!("x = {}", fill("'a' * 9999999\nx = ")));
    add("codes", format!("exec({})", nest("exec(", "'caput(1)'", ")")));
    add(
        "programs in programs",
        format!("exec('''{}''')", fill("exec(1)\n")),
    );
    add(
        "calls by many",
        format!(
            "def f(a): return a\n{}",
            lines(bytes, |number| format!("f(f{number})\n"))
        ),
    );
    add(
        "many stores",
        format!(
            "class A: pass\na = A()\n{}",
            lines(bytes, |number| format!("a.b{number} = a.b{}\n", number + 1))
        ),
    );
    add("containers", format!("a = []\n{}", fill("a = [a, a]\n")));
    add(
        "partials",
        format!(
            "from functools import partial as p\nfrom epics import caput\nx = caput\n{}",
            fill("x = p(x)\n")
        ),
    );
    add("lambdas", format!("x = 1\n{}", fill("x = lambda: x\n")));
    add("imports", lines(bytes, |number| format!("import m{number}\n")));
    add(
        "getattrs",
        format!("import epics\nx = epics\n{}", fill("x = getattr(x, 'a')\n")),
    );
    add(
        "harmless calls beside p4p",
        format!("import p4p, requests\n{}", fill("requests.post('u')\n")),
    );
    add(
        "writes",
        format!(
            "import epics\n{}",
            lines(bytes, |number| format!("epics.caput('A{number}', {number})\n"))
        ),
    );
    programs
}
