//! Which program a process runs.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments, targets::Targets};
use crate::{
    analysis::{
        constants::{self, Constant},
        values::{Atom, Value},
    },
    config::{Entry, Role},
};

/// What a command does.
#[derive(Debug)]
pub(super) enum Command {
    /// It writes to a control system.
    Write(Targets),
    /// It reads from one.
    Read(Targets),
    /// Neither.
    Harmless,
    /// Nobody knows.
    Unknown,
}

/// Commands within commands are followed so deep.
const MAX_WITHIN: u8 = 4;

impl<'a> Resolver<'a, '_> {
    /// What the command `given` does: a text, or the words of one.
    pub(super) fn command(
        &mut self,
        given: Value,
        by_shell: bool,
        arguments: &Arguments<'a>,
        at: TextRange,
    ) -> Command {
        let mut result = None;
        let atoms = self.values.atoms(given);
        for atom in atoms.iter() {
            let one = match *atom {
                Atom::Constant(id) => match self.values.get(id).clone() {
                    Constant::Text(text) => self.text_command(&text, by_shell, arguments, at),
                    Constant::Bytes(bytes) => match std::str::from_utf8(&bytes) {
                        Ok(text) => self.text_command(text, by_shell, arguments, at),
                        Err(_) => Command::Unknown,
                    },
                    _ => Command::Unknown,
                },
                Atom::Container(id) => match self.world.exact(id) {
                    Some(elements) if !by_shell => {
                        let words: Vec<Option<String>> =
                            elements.iter().map(|&word| self.word(word)).collect();
                        self.words(&words, at, 0)
                    }
                    Some(elements) => match elements.first().and_then(|&first| self.word(first)) {
                        Some(text) => self.shell(&text, at, 0),
                        None => Command::Unknown,
                    },
                    // The program's name may still be known to write.
                    None => {
                        let elements = self.world.elements(id);
                        self.any_word_writes(elements)
                    }
                },
                _ => Command::Unknown,
            };
            result = Some(match result {
                None => one,
                Some(before) => worse(before, one),
            });
        }
        result.unwrap_or(Command::Unknown)
    }

    /// What a command does whose program is known, while its arguments are not: the words of `given` stand
    /// in its list.
    pub(super) fn program(&mut self, given: &'a Expr, at: TextRange) -> Option<Command> {
        let (Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) = given
        else {
            return None;
        };
        let first = elts.first().filter(|first| !first.is_starred_expr())?;
        let value = self.quietly(|resolver| resolver.expression(first));
        let mut result = None;
        for name in self.texts_of(value)? {
            let one = self.words(&[Some(name), None], at, 0);
            result = Some(match result {
                None => one,
                Some(before) => worse(before, one),
            });
        }
        result
    }

    fn text_command(
        &mut self,
        text: &str,
        by_shell: bool,
        arguments: &Arguments<'a>,
        at: TextRange,
    ) -> Command {
        if by_shell {
            return self.shell(text, at, 0);
        }
        // `create_subprocess_exec` and `execlp` take the words one by one.
        let first = self.values.constant(Constant::Text(text.into()));
        let from = arguments.positional.iter().position(|&value| value == first);
        let rest = from
            .map(|from| arguments.positional[from + 1..].to_vec())
            .unwrap_or_default();
        if rest.is_empty() {
            return self.shell(text, at, 0);
        }
        let mut words = vec![Some(text.to_owned())];
        for value in rest {
            let exact = match *self.values.atoms(value) {
                [Atom::Container(id)] => self.world.exact(id),
                _ => None,
            };
            match exact {
                // `execvp` takes the words in one list, the program's name first again.
                Some(elements) => {
                    words.truncate(1);
                    for &word in elements.iter().skip(1) {
                        let word = self.word(word);
                        words.push(word);
                    }
                }
                None => {
                    let word = self.word(value);
                    words.push(word);
                }
            }
        }
        if let [_, Some(again), ..] = words.as_slice()
            && again == text
        {
            words.remove(1);
        }
        self.words(&words, at, 0)
    }

    fn word(&mut self, value: Value) -> Option<String> {
        match self.constant_of(value)? {
            Constant::Text(text) => Some(text.to_string()),
            Constant::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            Constant::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn any_word_writes(&mut self, elements: Value) -> Command {
        let atoms = self.values.atoms(elements);
        for atom in atoms.iter() {
            let one = self.values.of(*atom);
            if let Some(word) = self.word(one)
                && matches!(
                    self.words(&[Some(word)], TextRange::default(), MAX_WITHIN),
                    Command::Write(_)
                )
            {
                return Command::Write(Targets::default());
            }
        }
        Command::Unknown
    }

    /// What a line for a shell does: each of its commands is looked at.
    fn shell(&mut self, line: &str, at: TextRange, within: u8) -> Command {
        if within > MAX_WITHIN {
            return Command::Unknown;
        }
        let hides = line.contains(['$', '`', '>', '<', '(', ')', '{', '\\']);
        let mut result = None;
        for part in line.split([';', '|', '&', '\n']) {
            if part.trim().is_empty() {
                continue;
            }
            let words: Vec<Option<String>> = constants::split(part).into_iter().map(Some).collect();
            let one = self.words(&words, at, within + 1);
            result = Some(match result {
                None => one,
                Some(before) => worse(before, one),
            });
        }
        match result {
            Some(Command::Write(_)) if hides => Command::Write(Targets::default()),
            Some(Command::Write(targets)) => Command::Write(targets),
            Some(other) if !hides => other,
            _ => Command::Unknown,
        }
    }

    fn words(&mut self, words: &[Option<String>], at: TextRange, within: u8) -> Command {
        let Some(Some(program)) = words.first() else {
            return Command::Unknown;
        };
        let program = program.clone();
        // A program in the working directory may be anything, whatever its name.
        let name = program.rsplit('/').next().unwrap_or_default().to_owned();
        let programs = &self.knowledge.python().programs;
        if let Some(entry) = programs
            .write
            .iter()
            .filter_map(|entry| Entry::read(entry).ok())
            .find(|entry| entry.path == name || (entry.open && name.starts_with(entry.path)))
        {
            return Command::Write(targets(&entry, &words[1..]));
        }
        let trusted = !program.contains('/')
            || program.starts_with("/usr/")
            || program.starts_with("/bin/")
            || program.starts_with("/opt/epics/");
        if !trusted {
            return Command::Unknown;
        }
        // An entry may name the program's first argument too.
        let second = words.get(1).and_then(Option::as_deref);
        let listed = |list: &[String]| {
            list.iter().any(|known| match known.split_once(' ') {
                Some((program, argument)) => program == name && second == Some(argument),
                None => known == &name,
            })
        };
        if listed(&programs.read) {
            let channels = words[1..].iter().filter_map(Option::as_ref);
            let channels: Vec<String> = channels
                .filter(|word| word.contains(':') && !word.starts_with('-'))
                .cloned()
                .collect();
            return Command::Read(Targets::of(channels, Vec::new()));
        }
        if listed(&programs.harmless) {
            return Command::Harmless;
        }
        if within > MAX_WITHIN {
            return Command::Unknown;
        }
        if listed(&programs.wrappers) {
            let rest = words[1..]
                .iter()
                .position(|word| match word {
                    Some(word) => {
                        !word.starts_with('-')
                            && !word.contains('=')
                            && !word.starts_with(|digit: char| digit.is_ascii_digit())
                    }
                    None => true,
                })
                .map(|skip| words[1 + skip..].to_vec())
                .unwrap_or_default();
            return self.words(&rest, at, within + 1);
        }
        if matches!(name.as_str(), "sh" | "bash" | "dash" | "zsh" | "ksh") {
            return match after(words, |word| word.starts_with('-') && word.ends_with('c')) {
                Some(line) => self.shell(&line, at, within + 1),
                None => Command::Unknown,
            };
        }
        if listed(&programs.python) || name.starts_with("python") {
            let Some(code) = after(words, |word| word == "-c") else {
                return Command::Unknown;
            };
            // The other interpreter has none of this program's names, but what it imports is the same.
            return match self.run_text(&code, at) {
                Some(_) => Command::Harmless,
                None => Command::Unknown,
            };
        }
        Command::Unknown
    }
}

/// The word behind the first that `is_option` likes.
fn after(words: &[Option<String>], is_option: impl Fn(&str) -> bool) -> Option<String> {
    let place = words
        .iter()
        .position(|word| word.as_ref().is_some_and(|word| is_option(word)))?;
    words.get(place + 1)?.clone()
}

/// The channels and values among the words behind a program that writes; none where an option is given of
/// which nothing is known.
fn targets(entry: &Entry<'_>, words: &[Option<String>]) -> Targets {
    let Some(parameters) = &entry.parameters else {
        return Targets::default();
    };
    let mut plain: Vec<Option<&String>> = Vec::new();
    let mut words = words.iter().map(Option::as_ref);
    while let Some(word) = words.next() {
        let option = word.and_then(|word| word.strip_prefix('-')).filter(|option| {
            // A number below zero is a value.
            option.starts_with(|letter: char| !letter.is_ascii_digit() && letter != '.')
        });
        let Some(option) = option else {
            plain.push(word);
            continue;
        };
        match parameters.iter().find(|parameter| *parameter.name == *option) {
            Some(parameter) if parameter.role == Role::Flag => {}
            Some(parameter) if parameter.role == Role::Option => {
                words.next();
            }
            _ => return Targets::default(),
        }
    }
    let place = |role: Role| {
        let parameter = parameters.iter().find(|parameter| parameter.role == role)?;
        let number = parameter.name.strip_prefix("word")?.parse::<usize>().ok()?;
        plain.get(number.checked_sub(1)?).copied().flatten().cloned()
    };
    match place(Role::Channel) {
        Some(channel) => Targets::of(vec![channel], vec![place(Role::Value)]),
        None => Targets::default(),
    }
}

fn worse(left: Command, right: Command) -> Command {
    match (left, right) {
        (Command::Write(mut left), Command::Write(right)) => {
            if left.channels.is_empty() || right.channels.is_empty() {
                return Command::Write(Targets::default());
            }
            left.channels.extend(right.channels);
            left.values.extend(right.values);
            Command::Write(left)
        }
        (Command::Write(targets), _) | (_, Command::Write(targets)) => Command::Write(targets),
        (Command::Unknown, _) | (_, Command::Unknown) => Command::Unknown,
        (Command::Read(mut left), Command::Read(right)) => {
            left.channels.extend(right.channels);
            Command::Read(left)
        }
        (Command::Read(targets), _) | (_, Command::Read(targets)) => Command::Read(targets),
        (Command::Harmless, Command::Harmless) => Command::Harmless,
    }
}
