//! One row on its way to a file: named cells, written as a JSON line or as a CSV line.
//!
//! Keys and columns keep the order in which they were given, so the bytes never depend on how a map is built.

/// A value as a vendor writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Null,
}

impl Cell {
    fn json(&self) -> String {
        match self {
            Cell::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Cell::Null => "null".to_owned(),
            Cell::Integer(_) | Cell::Number(_) | Cell::Boolean(_) => self.plain(),
        }
    }

    fn plain(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Integer(value) => value.to_string(),
            Cell::Number(value) => format!("{value}"),
            Cell::Boolean(value) => value.to_string(),
            Cell::Null => String::new(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Cell::Integer(value)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Cell::Number(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Cell::Boolean(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// Named cells in order.
#[derive(Debug, Clone, Default)]
pub struct Record(Vec<(&'static str, Cell)>);

impl Record {
    /// The record with one more cell.
    pub fn with(mut self, name: &'static str, value: impl Into<Cell>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Replaces the cell of this name, when there is one.
    pub fn set(&mut self, name: &str, value: impl Into<Cell>) {
        if let Some((_, cell)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *cell = value.into();
        }
    }

    /// The header line, without its end.
    pub fn header(&self) -> String {
        self.0.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(",")
    }

    /// The record as a line of CSV, without its end.
    pub fn csv(&self) -> String {
        self.0.iter().map(|(_, cell)| quoted(&cell.plain())).collect::<Vec<_>>().join(",")
    }

    /// The record as a JSON object on one line; cells without a value are left out now and then by vendors, never here.
    pub fn json(&self) -> String {
        let cells: Vec<String> = self.0.iter().map(|(name, cell)| format!("\"{name}\":{}", cell.json())).collect();
        format!("{{{}}}", cells.join(","))
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_in_the_order_given() {
        let record = Record::default().with("b", "x,\"y\"").with("a", 3i64).with("c", None::<i64>).with("d", true);
        assert_eq!(record.header(), "b,a,c,d");
        assert_eq!(record.csv(), "\"x,\"\"y\"\"\",3,,true");
        assert_eq!(record.json(), "{\"b\":\"x,\\\"y\\\"\",\"a\":3,\"c\":null,\"d\":true}");
    }
}
