//! JSON records: one object's known members become cells, without a tree of values in between.
//!
//! Promises: members that nobody asked for are skipped; nesting of any depth neither overflows the stack nor fills memory; a
//! known member that occurs twice is an error, because either could be meant. [`parse`] is the one door to the JSON reader:
//! plain flat records take a short way ([`flat`]), everything else, and every error, is serde's.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cell::{Cell, Cells};
use super::flat;
use super::keys::Keys;
use super::reject::Fault;

/// Reads one JSON object into `cells`.
pub(super) fn parse<'t>(record: &'t str, keys: &mut Keys, cells: &mut Cells<'t>) -> Result<(), Fault> {
    if keys.expect_flat() {
        let read = flat::read(record, keys, cells);
        keys.found_flat(read.is_some());
        if read.is_some() {
            return Ok(());
        }
        cells.clear();
    }
    cells.forget();
    with_serde(record, keys, cells)
}

fn with_serde<'t>(record: &'t str, keys: &mut Keys, cells: &mut Cells<'t>) -> Result<(), Fault> {
    let mut twice = None;
    let mut reader = serde_json::Deserializer::from_str(record);
    let object = Object { keys, cells, twice: &mut twice };
    let read = object.deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| fault(&error, twice))
}

fn fault(error: &serde_json::Error, twice: Option<String>) -> Fault {
    let column = error.column();
    if let Some(name) = twice {
        let en = format!("the member \"{name}\" occurs twice");
        return Fault::new("json", format!("成员“{name}”出现两次"), en);
    }
    let (zh, en) = match error.classify() {
        serde_json::error::Category::Eof => ("JSON 不完整，中断于", "the JSON is cut off, at"),
        serde_json::error::Category::Data => ("不是 JSON 对象，见", "it is not a JSON object, see"),
        _ => ("不是有效的 JSON，见", "it is not valid JSON, see"),
    };
    Fault::new("json", format!("{zh}第 {column} 列"), format!("{en} column {column}"))
}

struct Object<'k, 'c, 't> {
    keys: &'k mut Keys,
    cells: &'c mut Cells<'t>,
    twice: &'k mut Option<String>,
}

impl<'t> DeserializeSeed<'t> for Object<'_, '_, 't> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Object<'_, '_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(slot) = members.next_key_seed(Name { keys: self.keys, place })? {
            match slot {
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
                Some(slot) if self.cells.get(slot) != Cell::Missing => {
                    *self.twice = Some(self.keys.name(place).unwrap_or_default().to_owned());
                    return Err(A::Error::custom("twice"));
                }
                Some(slot) => members.next_value_seed(Value { slot, cells: self.cells })?,
            }
            place += 1;
        }
        Ok(())
    }
}

struct Name<'k> {
    keys: &'k mut Keys,
    place: usize,
}

impl<'t> DeserializeSeed<'t> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'t>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.keys.slot(self.place, name))
    }
}

struct Value<'c, 't> {
    slot: usize,
    cells: &'c mut Cells<'t>,
}

impl<'t> DeserializeSeed<'t> for Value<'_, 't> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Value<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.cells.put(self.slot, Cell::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.cells.put(self.slot, Cell::Boolean(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.cells.put(self.slot, Cell::Integer(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.cells.put(self.slot, Cell::Integer(value)),
            Err(_) => self.cells.put_copy(self.slot, &value.to_string()),
        }
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.cells.put(self.slot, Cell::Number(value));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<(), E> {
        self.cells.put_text(self.slot, text);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.cells.put_copy(self.slot, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.cells.put(self.slot, Cell::Nested);
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.cells.put(self.slot, Cell::Nested);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read<'t> = Option<Vec<(Cell<'t>, Option<String>)>>;

    fn cells_of<'t>(read: impl FnOnce(&mut Keys, &mut Cells<'t>) -> bool) -> Read<'t> {
        let names = ["a", "b", "c"].into_iter().enumerate().map(|(slot, name)| (name.to_owned(), slot)).collect();
        let (mut keys, mut cells) = (Keys::new(&names), Cells::new(3));
        read(&mut keys, &mut cells).then(|| {
            let text = |slot| cells.text(slot, &mut String::new()).map(str::to_owned);
            (0..3).map(|slot| (cells.get(slot), text(slot))).collect()
        })
    }

    fn agree(record: &str) -> bool {
        let flat = cells_of(|keys, cells| flat::read(record, keys, cells).is_some());
        let serde = cells_of(|keys, cells| with_serde(record, keys, cells).is_ok());
        flat.is_none() || flat == serde
    }

    proptest! {
        #[test]
        fn the_short_way_reads_what_serde_reads(
            members in prop::collection::vec(
                "[ \t]?\"(a|b|c|d|学)\" ?: ?(null|true|false|-?[0-9]{1,20}(\\.[0-9]{0,17})?([eE]-?[0-9])?|\"[ -~学\\n]{0,12}\"|\\[1\\]|\\{\\})",
                0..5
            ),
            tail in "[ ,}x]?"
        ) {
            let record = format!("{{{}}}{tail}", members.join(","));
            prop_assert!(agree(&record), "{}", record);
        }

        #[test]
        fn the_short_way_takes_nothing_that_serde_refuses(record in "[{}\\[\\]:,\"abtruefalsn0-9.\\-+eE \\\\\u{0}-\u{20}]{0,40}") {
            prop_assert!(agree(&format!("{{\"a\":{record}}}")), "{}", record);
            prop_assert!(agree(&record), "{}", record);
        }
    }

    #[test]
    fn the_short_way_is_taken() {
        let record = r#"{"a":"x","b":-12.5,"c":null,"d":"学"}"#;
        let cells = cells_of(|keys, cells| flat::read(record, keys, cells).is_some());
        let cells: Vec<_> = cells.expect("a plain record").into_iter().map(|(cell, _)| cell).collect();
        assert_eq!(cells, [Cell::Text("x"), Cell::Number(-12.5), Cell::Null]);
    }
}
