//! The program's own functions and classes.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::{MAX_CALL_DEPTH, Resolver, calls::Arguments, classes::last_name};
use crate::analysis::{
    clock::{Readers, Slot},
    paths::Symbol,
    scopes::{Around, Body, Call, ClassId, Function, FunctionId, How, Parameter, ScopeKind, key},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    pub(super) fn define_function(&mut self, node: &'a ast::StmtFunctionDef) {
        let id = self.function_of(
            key(node),
            node.name.as_str(),
            Some(&node.parameters),
            Body::Block(&node.body),
            self.class,
        );
        if let Some(class) = self.class {
            let by_decorator = node.decorator_list.iter().any(|decorator| {
                matches!(
                    last_name(&decorator.expression),
                    "classmethod" | "abstractclassmethod"
                )
            });
            let function = self.world.function_mut(id);
            function.takes_class = by_decorator
                || matches!(
                    node.name.as_str(),
                    "__new__" | "__init_subclass__" | "__class_getitem__" | "__prepare__"
                );
            self.bind_receiver(id, class);
        }
        let mut value = self.values.of(Atom::Function(id));
        self.note_hit(node.name.range(), value, false);
        for decorator in node.decorator_list.iter().rev() {
            let by = self.expression(&decorator.expression);
            value = self.decorated(value, id, by, decorator);
        }
        if let Some(returns) = &node.returns {
            // What is promised may be what is given.
            let promised = self.annotation(returns);
            if promised != Value::EMPTY {
                self.world.returns(&mut self.values, id, promised);
            }
        }
        self.queue.push(id);
        self.bind(node.name.as_str(), value, How::Defined, node.name.range());
    }

    pub(super) fn lambda(&mut self, node: &'a ast::ExprLambda) -> Value {
        let id = self.function_of(
            key(node),
            "lambda",
            node.parameters.as_deref(),
            Body::Lambda(&node.body),
            None,
        );
        self.queue.push(id);
        self.values.of(Atom::Function(id))
    }

    /// The function of a node, with what its parameters are by default and by annotation.
    pub(super) fn function_of(
        &mut self,
        place: usize,
        name: &str,
        parameters: Option<&'a ast::Parameters>,
        body: Body<'a>,
        class: Option<ClassId>,
    ) -> FunctionId {
        let id = match self.world.known_function(place) {
            Some(id) => id,
            None => {
                let scope = self.world.scope(place, ScopeKind::Function, Some(self.scope));
                let mut known = Vec::new();
                let mut rest = None;
                let mut named_rest = None;
                if let Some(parameters) = parameters {
                    for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
                        let name = self.symbols.of(parameter.parameter.name.as_str());
                        known.push(Parameter {
                            name,
                            positional: true,
                        });
                    }
                    for parameter in &parameters.kwonlyargs {
                        let name = self.symbols.of(parameter.parameter.name.as_str());
                        known.push(Parameter {
                            name,
                            positional: false,
                        });
                    }
                    if let Some(parameter) = &parameters.vararg {
                        let (container, _) = self.world.container(place, 2);
                        rest = Some((self.symbols.of(parameter.name.as_str()), container));
                    }
                    if let Some(parameter) = &parameters.kwarg {
                        let (container, _) = self.world.container(place, 3);
                        let held = self.world.held_mut(container);
                        held.is_dictionary = true;
                        held.by_key = Some(Default::default());
                        named_rest = Some((self.symbols.of(parameter.name.as_str()), container));
                    }
                }
                let name = self.symbols.of(name);
                let unit = self.world.clock.add();
                self.world.add_function(
                    place,
                    Function {
                        name,
                        scope,
                        class,
                        is_method: class.is_some(),
                        takes_class: false,
                        is_static: false,
                        attached: None,
                        others: Vec::new(),
                        is_property: false,
                        parameters: known,
                        rest,
                        named_rest,
                        body,
                        returned: Slot::default(),
                        given: None,
                        called: false,
                        escaped: false,
                        calls: Some(Vec::new()),
                        call_readers: Readers::default(),
                        defaults: FxHashMap::default(),
                        within: self.within.first().copied(),
                        unit,
                        pass: 0,
                    },
                )
            }
        };
        if let Some(parameters) = parameters {
            for parameter in parameters.iter_non_variadic_params() {
                let mut value = parameter
                    .default
                    .as_ref()
                    .map_or(Value::EMPTY, |default| self.expression(default));
                if let Some(annotation) = &parameter.parameter.annotation {
                    let typed = self.annotation(annotation);
                    value = self.values.join(value, typed);
                }
                let name = self.symbols.of(parameter.parameter.name.as_str());
                if parameter.default.is_some() {
                    self.world.function_mut(id).defaults.insert(name, value);
                }
                self.bind_at(id, name, value, parameter.parameter.name.range());
            }
            for (parameter, part) in [(&parameters.vararg, 2), (&parameters.kwarg, 3)] {
                if let Some(parameter) = parameter {
                    let (container, _) = self.world.container(place, part);
                    if let Some(annotation) = &parameter.annotation {
                        let typed = self.annotation(annotation);
                        self.world.hold(&mut self.values, container, typed);
                    }
                    let value = self.values.of(Atom::Container(container));
                    let name = self.symbols.of(parameter.name.as_str());
                    self.bind_at(id, name, value, parameter.name.range());
                }
            }
        }
        id
    }

    /// The first parameter of a method is an instance.
    pub(super) fn bind_receiver(&mut self, id: FunctionId, class: ClassId) {
        let function = self.world.function(id);
        let first = function.parameters.first().map(|parameter| parameter.name);
        let takes_class = function.takes_class;
        if let Some(first) = first {
            let mut value = if takes_class {
                self.values.of(Atom::Class(class))
            } else {
                self.instance(class)
            };
            for made in self.world.class(class).makes.clone() {
                let made = self.values.of(Atom::Class(made));
                value = self.values.join(value, made);
            }
            self.bind_parameter(id, first, value);
        }
    }

    pub(super) fn bind_parameter(&mut self, id: FunctionId, name: Symbol, value: Value) {
        self.bind_at(id, name, value, TextRange::default());
    }

    pub(super) fn bind_at(&mut self, id: FunctionId, name: Symbol, value: Value, at: TextRange) {
        let scope = self.world.function(id).scope;
        self.world
            .bind(&mut self.values, scope, name, value, How::Parameter, at);
    }

    /// Looks at the body of a function.
    pub(super) fn look_into(&mut self, id: FunctionId) {
        let pass = self.world.clock.pass;
        let function = self.world.function(id);
        let unit = function.unit;
        if function.pass == pass || !self.world.clock.is_due(unit) {
            return;
        }
        self.world.function_mut(id).pass = pass;
        let function = self.world.function(id);
        let (scope, body) = (function.scope, function.body);
        let within = match function.within {
            Some(at) => vec![at],
            None => Vec::new(),
        };
        let outer = (
            self.scope,
            self.class.take(),
            self.function.replace(id),
            self.subject.take(),
        );
        let single = std::mem::take(&mut self.single);
        let loops = std::mem::take(&mut self.loops);
        let row = std::mem::take(&mut self.row);
        let quiet = std::mem::take(&mut self.quiet);
        let outer_within = std::mem::replace(&mut self.within, within);
        self.scope = scope;
        let turn = self.begin(unit);
        match body {
            Body::Block(body) => self.block(body),
            Body::Lambda(body) => {
                let value = self.expression(body);
                self.world.returns(&mut self.values, id, value);
            }
        }
        self.within = outer_within;
        self.quiet = quiet;
        self.single = single;
        self.loops = loops;
        self.row = row;
        (self.scope, self.class, self.function, self.subject) = outer;
        if self.world.returns_nothing(id) {
            self.world.returns(&mut self.values, id, Value::DATA);
        }
        self.world.clock.end(turn);
    }

    /// What a generator gives.
    pub(super) fn yields(&mut self, value: Value) {
        let Some(function) = self.function else { return };
        let scope = self.world.function(function).scope;
        let container = match self.world.function(function).given {
            Some(container) => container,
            None => {
                let place = usize::MAX - scope.number();
                let (container, _) = self.world.container(place, 4);
                self.world.function_mut(function).given = Some(container);
                container
            }
        };
        self.world.hold(&mut self.values, container, value);
        let given = self.values.of(Atom::Container(container));
        self.world.returns(&mut self.values, function, given);
    }

    /// What ends a generator carries what that returns.
    pub(super) fn end_of_generators(&mut self, place: usize) -> Value {
        let mut returned = Value::EMPTY;
        for given in self.world.generators_returned() {
            returned = self.values.join(returned, given);
        }
        let class = self.plain_class(place, Vec::new());
        let scope = self.world.class(class).scope;
        let args = self.collection(place, 11, returned);
        for (name, value) in [("value", returned), ("args", args)] {
            let name = self.name(name);
            let at = TextRange::default();
            self.world
                .bind(&mut self.values, scope, name, value, How::Defined, at);
        }
        self.values.of(Atom::Object(class))
    }

    /// Calls a function of the program's own; `bound` if its first parameter is given already.
    pub(super) fn call_own(&mut self, id: FunctionId, arguments: &Arguments<'a>, bound: bool) -> Value {
        self.world.function_mut(id).called = true;
        let function = self.world.function(id);
        let skipped = usize::from(function.is_method && bound);
        let parameters: Vec<Parameter> = function.parameters.iter().skip(skipped).copied().collect();
        let (rest, named_rest) = (function.rest, function.named_rest);
        let mut index = 0;
        for parameter in &parameters {
            let mut value = Value::EMPTY;
            if parameter.positional {
                if let Some(&given) = arguments.positional.get(index) {
                    value = given;
                }
                if let Some((from, star)) = arguments.star
                    && index >= from
                {
                    value = self.values.join(value, star);
                }
                index += 1;
            }
            for &(name, given) in &arguments.named {
                if name == parameter.name {
                    value = self.values.join(value, given);
                }
            }
            if let Some(stars) = arguments.double_star {
                let given = self.given_under(stars, parameter.name);
                value = self.values.join(value, given);
            }
            if value != Value::EMPTY {
                self.bind_parameter(id, parameter.name, value);
            }
        }
        self.note_call(id, skipped, arguments);
        if let Some((_, container)) = rest {
            for &value in arguments.positional.iter().skip(index) {
                self.world.hold(&mut self.values, container, value);
            }
            if let Some((_, star)) = arguments.star {
                self.world.hold(&mut self.values, container, star);
            }
        }
        if let Some((_, container)) = named_rest {
            for &(name, value) in &arguments.named {
                if !parameters.iter().any(|parameter| parameter.name == name) {
                    let text = self.symbols.text(name);
                    let name = self.text(&text);
                    self.hold_at(container, name, value);
                }
            }
            if let Some(stars) = arguments.double_star {
                let value = self.contents(stars);
                self.world.spoil(container);
                self.world.hold(&mut self.values, container, value);
            }
        }
        if self.depth < MAX_CALL_DEPTH {
            self.look_into(id);
        } else {
            self.queue.push(id);
        }
        let mut result = self.world.returned(id);
        for index in 0..self.world.function(id).others.len() {
            let other = self.world.function(id).others[index];
            let given = self.deeper_value(|resolver| resolver.call_own(other, arguments, bound));
            result = self.values.join(result, given);
        }
        result
    }

    /// A function that is set as a member of a class becomes its method.
    pub(super) fn attach(&mut self, value: Value, class: ClassId) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Function(id) = *atom {
                let function = self.world.function_mut(id);
                if function.class.is_none() && !function.is_static && function.attached.is_none() {
                    function.attached = Some(class);
                }
            }
        }
    }

    /// Calls the functions among the members of a class on `receiver`.
    pub(super) fn call_on(&mut self, members: Value, receiver: Value, arguments: &Arguments<'a>) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(members);
        for atom in atoms.iter() {
            let given = match *atom {
                Atom::Function(id) => {
                    let function = self.world.function(id);
                    let is_static = function.is_static || function.class.is_some() && !function.is_method;
                    if is_static {
                        self.call_own(id, arguments, false)
                    } else {
                        let mut with = arguments.clone();
                        with.positional.insert(0, receiver);
                        with.star = with.star.map(|(from, value)| (from + 1, value));
                        self.call_own(id, &with, false)
                    }
                }
                Atom::Class(_) | Atom::Object(_) | Atom::Path(_) | Atom::Container(_) => {
                    let one = self.values.of(*atom);
                    let at = TextRange::default();
                    self.quietly(|resolver| resolver.call_value(one, at, arguments))
                }
                _ => Value::EMPTY,
            };
            result = self.values.join(result, given);
        }
        result
    }

    /// Takes note of what a call gives the parameters together.
    fn note_call(&mut self, id: FunctionId, skipped: usize, arguments: &Arguments<'a>) {
        if self.row > 0 {
            return;
        }
        let around = arguments
            .node
            .filter(|_| !self.loops.is_empty() || self.function.is_some())
            .map(|node| Around {
                node,
                scope: self.scope,
                function: self.function,
                loops: self.loops.as_slice().into(),
                skipped,
            });
        let call = self.given_together(id, skipped, arguments).map(|given| Call {
            place: arguments.place,
            given,
            around,
        });
        self.world.note_call(&mut self.values, id, call);
    }

    /// What `**stars` gives a parameter.
    pub(super) fn given_under(&mut self, stars: Value, name: Symbol) -> Value {
        let text = self.symbols.text(name);
        let name = self.text(&text);
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(stars);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) => match *self.values.atoms(name) {
                    [Atom::Constant(constant)] if self.world.held(id).by_key.is_some() => {
                        self.world.under_key(id, constant).unwrap_or(Value::EMPTY)
                    }
                    _ => self.world.elements(id),
                },
                Atom::Unknown => Value::UNKNOWN,
                Atom::Object(class) => self
                    .hooked(class, &["__getitem__"], vec![name])
                    .unwrap_or(Value::DATA),
                _ => Value::DATA,
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// Calls the functions among the members of a class, as methods.
    pub(super) fn call_members(&mut self, members: Value, arguments: &Arguments<'a>) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(members);
        for atom in atoms.iter() {
            if let Atom::Function(function) = *atom {
                let given = if self.world.function(function).class.is_some() {
                    self.call_own(function, arguments, true)
                } else {
                    // A function that only its place in the class makes a method.
                    let one = self.values.of(*atom);
                    self.call_on(one, Value::EMPTY, arguments)
                };
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// Others may call the function with anything.
    pub(super) fn escape_function(&mut self, id: FunctionId) {
        let function = self.world.function_mut(id);
        if function.escaped {
            return;
        }
        function.escaped = true;
        self.world.note_call(&mut self.values, id, None);
        let function = self.world.function(id);
        let skipped = usize::from(function.is_method && function.class.is_some());
        let names: Vec<Symbol> = function
            .parameters
            .iter()
            .skip(skipped)
            .map(|parameter| parameter.name)
            .collect();
        let rests = [function.rest, function.named_rest];
        for name in names {
            self.bind_parameter(id, name, Value::UNKNOWN);
        }
        for (_, container) in rests.into_iter().flatten() {
            self.world.spoil(container);
            self.world.hold(&mut self.values, container, Value::UNKNOWN);
        }
        if self.world.function(id).pass != self.world.clock.pass {
            self.queue.push(id);
        }
    }

    /// The functions among `value` may be called by others with anything.
    pub(super) fn escape(&mut self, value: Value) {
        let flat = self.flat(value);
        let atoms = self.values.atoms(flat);
        for atom in atoms.iter() {
            match *atom {
                Atom::Function(function) => self.escape_function(function),
                Atom::Class(class) => self.hide_prefix(class),
                _ => {}
            }
        }
    }
}
