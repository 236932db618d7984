//! An entry in a list of members: a name or a path, and the roles of its parameters.

/// An entry, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name or the dotted path, without the `*` at its end.
    pub path: &'a str,
    /// Whether there is a `*`, so that any ending fits.
    pub open: bool,
    /// Its parameters in their order, if it tells them.
    pub parameters: Option<Vec<Parameter>>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: Box<str>,
    /// What its argument is for.
    pub role: Role,
}

/// What an argument is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing that matters here.
    Plain,
    /// It names a channel, or is a sequence of such names.
    Channel,
    /// It is the value to be written, or a sequence of values for as many channels.
    Value,
    /// It maps channels to values.
    Mapping,
    /// It and all behind it name a channel each.
    Rest,
    /// From it on, channels and values take turns.
    Pairs,
    /// The channel ends with it, unless it does so anyway.
    End,
    /// Where it is given, it gives channels other names.
    Alias,
    /// It is called with plain data.
    Callback,
    /// Of a program: an option, which the word behind it belongs to.
    Option,
    /// Of a program: an option that stands alone.
    Flag,
}

impl Role {
    /// The words for roles, as an entry has them.
    const WORDS: [(&'static str, Role); 12] = [
        ("channel", Self::Channel),
        ("channels", Self::Channel),
        ("value", Self::Value),
        ("values", Self::Value),
        ("mapping", Self::Mapping),
        ("rest", Self::Rest),
        ("pairs", Self::Pairs),
        ("end", Self::End),
        ("alias", Self::Alias),
        ("callback", Self::Callback),
        ("option", Self::Option),
        ("flag", Self::Flag),
    ];

    fn read(word: &str) -> Result<Self, String> {
        match Self::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, role)) => Ok(*role),
            None => {
                let words: Vec<_> = Self::WORDS.iter().map(|(word, _)| *word).collect();
                Err(format!(
                    "has the unknown role {word:?} (allowed: {})",
                    words.join(", ")
                ))
            }
        }
    }
}

impl<'a> Entry<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence about it.
    pub fn read(text: &'a str) -> Result<Self, String> {
        let (path, parameters) = match text.split_once('(') {
            None => (text, None),
            Some((path, rest)) => {
                let inside = rest
                    .strip_suffix(')')
                    .ok_or("must end with the ) of its parameters")?;
                (path, Some(parameters(inside)?))
            }
        };
        let (path, open) = match path.trim().strip_suffix('*') {
            Some(path) => (path, true),
            None => (path.trim(), false),
        };
        // What stands before a `*` may end anywhere, behind a dot too.
        let whole = match path.rsplit_once('.') {
            Some((above, "")) if open => above,
            None if open && path.is_empty() => "any",
            _ => path,
        };
        if !is_path(whole) {
            return Err("must be a name or a dotted path, with a * at most at its end".to_owned());
        }
        Ok(Self {
            path,
            open,
            parameters,
        })
    }
}

fn parameters(inside: &str) -> Result<Vec<Parameter>, String> {
    if inside.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut parameters: Vec<Parameter> = Vec::new();
    for part in inside.split(',') {
        let (name, role) = match part.split_once('=') {
            Some((name, word)) => (name.trim(), Role::read(word.trim())?),
            None => (part.trim(), Role::Plain),
        };
        if !is_name(name) {
            return Err(format!("has a parameter {name:?}, which is no name"));
        }
        if parameters.iter().any(|known| *known.name == *name) {
            return Err(format!("has the parameter {name} twice"));
        }
        let name = name.into();
        parameters.push(Parameter { name, role });
    }
    Ok(parameters)
}

/// Whether a text can be a dotted path in Python.
pub(super) fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| !letter.is_numeric())
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}
