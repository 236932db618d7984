//! JSON in which no key stands twice: of two limits under one key, a reader sees the other one.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

/// A JSON object whose keys all differ, those of the objects in it too.
pub(super) struct Pairs(pub(super) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Top;
        impl<'de> Visitor<'de> for Top {
            type Value = Pairs;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object with an entry for each process variable")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Pairs, A::Error> {
                let mut seen = HashSet::new();
                let mut pairs = Vec::new();
                while let Some(key) = access.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("the key {key:?} stands twice")));
                    }
                    pairs.push((key, access.next_value::<Single>()?.0));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Top)
    }
}

/// A JSON value whose objects hold no key twice.
struct Single(Value);

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Single;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Single, E> {
                Ok(Single(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Single, E> {
                Ok(Single(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Single, E> {
                Ok(Single(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Single, E> {
                Ok(Single(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Single, E> {
                Ok(Single(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Single, E> {
                Ok(Single(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Single, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element::<Single>()? {
                    items.push(item.0);
                }
                Ok(Single(Value::Array(items)))
            }

            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Single, A::Error> {
                let pairs = Pairs::deserialize(MapAccessDeserializer::new(access))?;
                Ok(Single(Value::Object(pairs.0.into_iter().collect())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
