//! One rollup of one day: a row per key, whose measures and histograms are added up.
//!
//! Invariants: adding what was taken away gives back what was there; a row is there as long as it stands for at least one row of the
//! sources; a place that becomes free is not used again before the changes that freed it have been handed on.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, new_null_array};
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow::error::ArrowError;
use hashbrown::{HashMap, HashSet, HashTable};
use xueqing_lake::histogram::Histogram;

use super::Signed;
use super::coded::{Coded, Value, array, fold, values};
use super::file::Together;
use super::given::{Given, Uses};
use super::live::Class;
use super::narrow::Narrow;
use super::prepared::ROWS;
use crate::texts::Texts;

/// The columns of a rollup's rows.
pub(super) struct Shape {
    /// Texts as views.
    pub schema: SchemaRef,
    /// By column: its place among the keys, or else among the measures.
    pub roles: Vec<Role>,
    /// What rollups built on it are given.
    pub given: Given,
}

#[derive(Clone, Copy)]
pub(super) enum Role {
    Key(usize),
    Measure(usize),
    /// Its place among the histograms.
    Histogram(usize),
    /// A column that the rollup does not give any more.
    Absent,
}

#[derive(Clone, Default)]
pub(super) struct Keyed {
    keys: Vec<Coded>,
    measures: Vec<Narrow>,
    histograms: Vec<Vec<Histogram>>,
    /// Source rows behind each row; none for a free place.
    counts: Narrow,
    places: HashTable<u32>,
    free: Vec<u32>,
}

/// The rows that a change has touched, and what they were.
#[derive(Default)]
pub(super) struct Touched {
    rows: Vec<u32>,
    /// By row: whether it is among them.
    known: Vec<bool>,
    /// The counts, then each measure.
    before: Vec<Vec<i64>>,
}

impl Touched {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Shape {
    /// The places of the measures among these columns.
    pub fn measures(&self, uses: &Uses) -> Vec<usize> {
        let used = self.schema.fields().iter().zip(&self.roles).filter(|(field, _)| uses.contains_key(field.name()));
        used.filter_map(|(_, role)| if let Role::Measure(place) = role { Some(*place) } else { None }).collect()
    }

    fn count(&self, wanted: fn(&Role) -> bool) -> usize {
        self.roles.iter().filter(|role| wanted(role)).count()
    }
}

impl Keyed {
    pub fn new(shape: &Shape) -> Self {
        let keys = vec![Coded::default(); shape.count(|role| matches!(role, Role::Key(_)))];
        let measures = vec![Narrow::default(); shape.count(|role| matches!(role, Role::Measure(_)))];
        let histograms = vec![Vec::new(); shape.count(|role| matches!(role, Role::Histogram(_)))];
        Self { keys, measures, histograms, ..Self::default() }
    }

    /// How many rows there are, free places included.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// About what it takes in memory.
    pub fn footprint(&self) -> usize {
        let keys: usize = self.keys.iter().map(Coded::footprint).sum();
        let measures: usize = self.measures.iter().map(Narrow::footprint).sum();
        let histogram = |histogram: &Histogram| size_of::<Histogram>() + histogram.footprint();
        let histograms: usize = self.histograms.iter().flatten().map(histogram).sum();
        keys + measures + histograms + self.counts.footprint() + self.places.capacity() * 5 + self.free.capacity() * 4
    }

    /// Adds rows of the rollup's SQL, or takes them away.
    pub fn merge(
        &mut self,
        shape: &Shape,
        texts: &mut Texts,
        batch: &RecordBatch,
        sign: i64,
        touched: &mut Touched,
    ) -> Result<(), ArrowError> {
        let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(|| ArrowError::SchemaError(name.to_owned()));
        let mut codes = Vec::with_capacity(self.keys.len());
        let mut added = Vec::with_capacity(self.measures.len() + 1);
        let mut histograms = Vec::with_capacity(self.histograms.len());
        added.push(whole(&column(ROWS)?)?);
        for (field, role) in shape.schema.fields().iter().zip(&shape.roles) {
            match (batch.column_by_name(field.name()), role) {
                (_, Role::Absent) => {}
                (Some(array), Role::Key(place)) => {
                    let coded = &mut self.keys[*place];
                    codes.push(values(array, texts)?.into_iter().map(|value| coded.code(value)).collect::<Vec<u32>>());
                }
                (Some(array), Role::Measure(_)) => added.push(whole(array)?),
                (Some(array), Role::Histogram(_)) => histograms.push(array.as_binary::<i32>()),
                (None, _) => return Err(ArrowError::SchemaError(field.name().clone())),
            }
        }
        let places: Vec<u32> = (0..batch.num_rows()).map(|row| self.place(&codes, row)).collect();
        for (column, added) in self.histograms.iter_mut().zip(histograms) {
            for (place, histogram) in places.iter().zip(added) {
                column[*place as usize].add(histogram.unwrap_or_default(), sign);
            }
        }
        touched.known.resize(self.counts.len(), false);
        let new = touched.rows.len();
        touched.rows.extend(places.iter().filter(|place| !std::mem::replace(&mut touched.known[**place as usize], true)));
        touched.before.resize_with(self.measures.len() + 1, Vec::new);
        let columns = [&mut self.counts].into_iter().chain(&mut self.measures);
        for ((column, before), amounts) in columns.zip(&mut touched.before).zip(&added) {
            before.extend(column.gather(&touched.rows[new..]));
            if amounts.iter().any(|amount| *amount != 0) {
                column.add(&places, amounts, sign);
            }
        }
        Ok(())
    }

    fn place(&mut self, codes: &[Vec<u32>], row: usize) -> u32 {
        let Self { keys, places, counts, measures, histograms, free } = self;
        let hash = fold(codes.iter().map(|codes| codes[row]));
        let same = |place: &u32| keys.iter().zip(codes).all(|(key, codes)| key.at(*place as usize) == codes[row]);
        if let Some(place) = places.find(hash, same) {
            return *place;
        }
        let place = match free.pop() {
            Some(place) => {
                keys.iter_mut().zip(codes).for_each(|(key, codes)| key.set(place as usize, codes[row]));
                place
            }
            None => {
                keys.iter_mut().zip(codes).for_each(|(key, codes)| key.push(codes[row]));
                measures.iter_mut().chain([&mut *counts]).for_each(|column| column.push(0));
                histograms.iter_mut().for_each(|column| column.push(Histogram::default()));
                (counts.len() - 1) as u32
            }
        };
        places.insert_unique(hash, place, |place| fold(keys.iter().map(|key| key.at(*place as usize))));
        place
    }

    /// Frees the places of the touched rows that are gone, once their changes have been handed on.
    pub fn settle(&mut self, touched: &Touched) {
        let Self { keys, places, counts, free, .. } = self;
        for &row in touched.rows.iter().filter(|row| counts.get(**row as usize) == 0) {
            let hash = fold(keys.iter().map(|key| key.at(row as usize)));
            if let Ok(entry) = places.find_entry(hash, |place| *place == row) {
                entry.remove();
                free.push(row);
            }
        }
    }

    /// What the touched rows were and what they are, as batches for the next rollup; without those that are the same in the measures
    /// that it reads. Where it looks at units `together`, the other rows of such units stand on both sides.
    pub fn signed(
        &self,
        shape: &Shape,
        texts: &Texts,
        touched: &Touched,
        read: &[usize],
        together: Option<&Together>,
    ) -> Result<Signed, ArrowError> {
        let now: Vec<Vec<i64>> = self.columns().map(|column| column.gather(&touched.rows)).collect();
        let before = &touched.before;
        let came_or_went = |index: usize| (before[0][index] == 0) != (now[0][index] == 0);
        let differs = |index: usize| read.iter().any(|measure| before[measure + 1][index] != now[measure + 1][index]);
        let changed = |index: &usize| together.is_some() || came_or_went(*index) || differs(*index);
        let changed: Vec<usize> = (0..touched.rows.len()).filter(changed).collect();
        let others = together.map(|together| self.others(shape, touched, together)).unwrap_or_default();
        let side = |columns: &[Vec<i64>]| {
            let there: Vec<usize> = changed.iter().copied().filter(|index| columns[0][*index] != 0).collect();
            let rows: Vec<u32> = there.iter().map(|index| touched.rows[*index]).chain(others.iter().copied()).collect();
            self.batch(shape, texts, &rows, |place| {
                let mut values: Vec<i64> = there.iter().map(|index| columns[place + 1][*index]).collect();
                values.extend(self.measures[place].gather(&others));
                values
            })
        };
        Ok(Signed::of(side(&touched.before)?, side(&now)?))
    }

    fn columns(&self) -> impl Iterator<Item = &Narrow> {
        [&self.counts].into_iter().chain(&self.measures)
    }

    /// The rows that are there but not touched, of units with touched rows in which one lacks what it should have.
    fn others(&self, shape: &Shape, touched: &Touched, together: &Together) -> Vec<u32> {
        let key = |name: &str| match shape.schema.index_of(name).map(|column| shape.roles[column]) {
            Ok(Role::Key(place)) => Some(&self.keys[place]),
            _ => None,
        };
        let by: Vec<&Coded> = together.by.iter().filter_map(|name| key(name)).collect();
        let Some(missing) = key(&together.when_missing) else { return Vec::new() };
        let unit = |row: u32| fold(by.iter().map(|key| key.at(row as usize)));
        let lacks = |row: &u32| missing.at(*row as usize) == 0;
        let units: HashSet<u64> = touched.rows.iter().map(|row| unit(*row)).collect();
        let lacking = self.rows().chain(touched.rows.iter().copied()).filter(lacks).map(unit);
        let lacking: HashSet<u64> = lacking.filter(|unit| units.contains(unit)).collect();
        if lacking.is_empty() {
            return Vec::new();
        }
        self.rows()
            .filter(|row| !touched.known.get(*row as usize).is_some_and(|known| *known) && lacking.contains(&unit(*row)))
            .collect()
    }

    /// The classes of the touched rows, if rows are of classes.
    pub fn classes(&self, shape: &Shape, texts: &Texts, touched: &Touched) -> Option<BTreeSet<Class>> {
        let key = |name: &str| match shape.roles[shape.schema.index_of(name).ok()?] {
            Role::Key(place) => Some(&self.keys[place]),
            _ => None,
        };
        let (school, class) = (key("school")?, key("class")?);
        let firsts: HashMap<(u32, u32), usize> =
            touched.rows.iter().map(|row| ((school.at(*row as usize), class.at(*row as usize)), *row as usize)).collect();
        let text = |value: Value| value.map(|place| texts.get(place as usize).to_owned()).unwrap_or_default();
        Some(firsts.into_values().map(|row| Class { school: text(school.value(row)), class: text(class.value(row)) }).collect())
    }

    fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.counts.len()).filter(|place| self.counts.get(*place) != 0).map(|place| place as u32)
    }

    fn batch(
        &self,
        shape: &Shape,
        texts: &Texts,
        rows: &[u32],
        measure: impl Fn(usize) -> Vec<i64>,
    ) -> Result<RecordBatch, ArrowError> {
        shape.given.batch(|column, kind| match shape.roles[column] {
            Role::Key(place) => array(kind, self.keys[place].values(rows), texts),
            Role::Measure(place) => Ok(Arc::new(Int64Array::from(measure(place)))),
            // Nothing is built on them.
            Role::Histogram(_) | Role::Absent => Ok(new_null_array(kind, rows.len())),
        })
    }

    /// These columns of all rows, or of those with these values in key columns.
    pub fn read(
        &self,
        shape: &Shape,
        texts: &Texts,
        columns: &[usize],
        equal: &[(usize, Value)],
    ) -> Result<(Vec<ArrayRef>, usize), ArrowError> {
        let mut wanted = Vec::new();
        for (column, value) in equal {
            if let Role::Key(place) = shape.roles[*column] {
                match self.keys[place].find(*value) {
                    Some(code) => wanted.push((&self.keys[place], code)),
                    None => wanted.push((&self.keys[place], u32::MAX)),
                }
            }
        }
        let rows: Vec<u32> = self.rows().filter(|row| wanted.iter().all(|(key, code)| key.at(*row as usize) == *code)).collect();
        let column = |column: &usize| {
            let kind = shape.schema.field(*column).data_type();
            match shape.roles[*column] {
                Role::Key(place) => array(kind, self.keys[place].values(&rows), texts),
                Role::Measure(place) => Ok(Arc::new(Int64Array::from(self.measures[place].gather(&rows))) as ArrayRef),
                Role::Histogram(place) => {
                    let column = &self.histograms[place];
                    Ok(Arc::new(rows.iter().map(|row| column[*row as usize].encode()).collect::<BinaryArray>()) as ArrayRef)
                }
                Role::Absent => Ok(new_null_array(kind, rows.len())),
            }
        };
        Ok((columns.iter().map(column).collect::<Result<_, _>>()?, rows.len()))
    }
}

fn whole(array: &ArrayRef) -> Result<Vec<i64>, ArrowError> {
    let array = arrow::compute::cast(array, &arrow::datatypes::DataType::Int64)?;
    let array = array.as_primitive::<Int64Type>();
    Ok(if array.null_count() == 0 { array.values().to_vec() } else { array.iter().map(Option::unwrap_or_default).collect() })
}
