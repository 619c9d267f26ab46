//! The aggregates `pupil_set` and `pupil_union`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, LargeBinaryBuilder, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};
use xueqing_lake::{OneGroup, each_alone, is_counted};

use super::numbers::{Numbers, Row};
use super::set::{WORD, Word, encode, runs};
use super::{NUMBERING, SET, UNION, either, views};

/// Both functions.
pub(super) fn functions(numbers: &Arc<Numbers>) -> [AggregateUDF; 2] {
    let of_pupils = Signature::exact(vec![DataType::Utf8; 3], Volatility::Immutable);
    let of_sets = Signature::one_of(either(&[], &[]), Volatility::Immutable);
    let make = |name, signature, numbers| AggregateUDF::from(Gather { name, signature, numbers });
    [make(NUMBERING, of_pupils, Some(Arc::clone(numbers))), make(UNION, of_sets, None)]
}

#[derive(Debug)]
struct Gather {
    name: &'static str,
    signature: Signature,
    /// What numbers pupils; without it, sets are joined.
    numbers: Option<Arc<Numbers>>,
}

impl PartialEq for Gather {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Gather {}

impl Hash for Gather {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(SET)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[{}]", args.name, self.name), SET, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(Groups { numbers: self.numbers.clone(), words: vec![Vec::new()] })))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups { numbers: self.numbers.clone(), words: Vec::new() }))
    }
}

/// The words of each group as they came.
#[derive(Clone, Debug)]
struct Groups {
    numbers: Option<Arc<Numbers>>,
    words: Vec<Vec<Word>>,
}

/// Pupils of one word mostly come one after another.
fn add(words: &mut Vec<Word>, place: u32, bits: u64) {
    match words.last_mut() {
        Some(last) if last.0 == place => last.1 |= bits,
        _ => words.push((place, bits)),
    }
}

impl Groups {
    fn reach(&mut self, groups: usize) {
        if self.words.len() < groups {
            self.words.resize_with(groups, Vec::new);
        }
    }

    fn add_pupils(
        &mut self,
        numbers: &Numbers,
        columns: &[ArrayRef],
        groups: &[usize],
        counts: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let columns = columns.iter().map(|column| cast(column, &DataType::Utf8)).collect::<Result<Vec<_>, _>>()?;
        let [students, schools, grades]: [&StringArray; 3] = std::array::from_fn(|place| columns[place].as_string());
        let rows = (0..groups.len()).filter(|row| students.is_valid(*row) && counts(*row)).map(|row| {
            // Whatever stands behind a null, it only decides beside whom a number stands.
            (row, Row { student: students.value(row), school: schools.value(row), grade: grades.value(row) })
        });
        numbers.give(rows, |row, number| add(&mut self.words[groups[row]], number / WORD, 1 << (number % WORD)))
    }

    fn add_sets(&mut self, column: &ArrayRef, groups: &[usize], counts: impl Fn(usize) -> bool) -> Result<()> {
        let sets = views(column)?;
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| sets.is_valid(*row) && counts(*row)) {
            for run in runs(sets.value(row)) {
                let words = (run.place..).zip(run.words).map(|(place, bits)| (place, u64::from_le_bytes(*bits)));
                self.words[*group].extend(words.filter(|(_, bits)| *bits != 0));
            }
        }
        Ok(())
    }

    fn emit(&mut self, to: EmitTo) -> ArrayRef {
        let mut emitted = to.take_needed(&mut self.words);
        let mut column = LargeBinaryBuilder::with_capacity(emitted.len(), emitted.len() * 64);
        emitted.iter_mut().for_each(|words| column.append_option(encode(words)));
        Arc::new(column.finish())
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.reach(total);
        let counts = |row: usize| is_counted(filter, row);
        match self.numbers.clone() {
            Some(numbers) => self.add_pupils(&numbers, columns, groups, counts),
            None => self.add_sets(&columns[0], groups, counts),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        self.add_sets(&states[0], groups, |_| true)
    }

    fn evaluate(&mut self, to: EmitTo) -> Result<ArrayRef> {
        Ok(self.emit(to))
    }

    fn state(&mut self, to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.emit(to)])
    }

    fn convert_to_state(&self, columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        each_alone(Self { numbers: self.numbers.clone(), words: Vec::new() }, columns, filter)
    }

    fn size(&self) -> usize {
        let words: usize = self.words.iter().map(|words| words.capacity() * size_of::<Word>()).sum();
        self.words.capacity() * size_of::<Vec<Word>>() + words
    }
}
