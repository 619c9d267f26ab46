//! Data that `lme4.R` makes alike, number for number: Park and Miller's generator is exact in doubles.

use xueqing_query::value_added::multilevel::Moments;

struct Generator(f64);

impl Generator {
    fn uniform(&mut self) -> f64 {
        self.0 = (16807.0 * self.0) % 2_147_483_647.0;
        self.0 / 2_147_483_647.0
    }

    fn normal(&mut self) -> f64 {
        (0..12).fold(0.0, |sum, _| sum + self.uniform()) - 6.0
    }

    fn pick(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64).floor() as usize + 1
    }
}

/// Keys and columns, the response last.
#[derive(Clone, Default)]
pub struct Table {
    pub keys: Vec<Vec<String>>,
    pub columns: Vec<Vec<f64>>,
}

impl Table {
    fn new(keys: usize, columns: usize) -> Self {
        Self { keys: vec![Vec::new(); keys], columns: vec![Vec::new(); columns] }
    }

    fn push(&mut self, keys: &[usize], values: &[f64]) {
        self.keys.iter_mut().zip(keys).for_each(|(column, key)| column.push(key.to_string()));
        self.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(*value));
    }

    /// The moments of some of the keys and columns.
    pub fn moments(&self, keys: &[usize], columns: &[usize]) -> Moments {
        let keys: Vec<Vec<String>> = keys.iter().map(|key| self.keys[*key].clone()).collect();
        let columns: Vec<Vec<f64>> = columns.iter().map(|column| self.columns[*column].clone()).collect();
        Moments::from_rows(&keys, &columns)
    }
}

/// Keys primary, secondary; columns x, y.
pub fn crossed() -> Table {
    let mut r = Generator(20_260_901.0);
    let primary: Vec<f64> = (0..60).map(|_| r.normal()).collect();
    let secondary: Vec<f64> = (0..35).map(|_| 0.7 * r.normal()).collect();
    let mut table = Table::new(2, 2);
    for _ in 0..1500 {
        let p = r.pick(60);
        let s = if r.uniform() < 0.7 { p % 35 + 1 } else { r.pick(35) };
        let x = r.normal();
        let y = 2.0 + 0.6 * x + primary[p - 1] + secondary[s - 1] + 1.5 * r.normal();
        table.push(&[p, s], &[x, y]);
    }
    table
}

/// Keys class, school, county; columns x (about 5), boy, y.
pub fn nested() -> Table {
    let mut r = Generator(20_250_101.0);
    let mut table = Table::new(3, 3);
    for county in 1..=12 {
        let in_county = 0.5 * r.normal();
        for school in 1..=2 + r.pick(6) {
            let in_school = 0.8 * r.normal();
            let slope = 0.3 * r.normal() + 0.2 * in_school;
            for class in 1..=1 + r.pick(3) {
                let in_class = 0.4 * r.normal();
                for _ in 1..=5 + r.pick(25) {
                    let x = 5.0 + 0.8 * r.normal();
                    let boy = if r.uniform() < 0.5 { 1.0 } else { 0.0 };
                    let z = (x - 5.0) / 0.8;
                    let y = 70.0 + 6.0 * z - 0.5 * boy + in_county + in_school + slope * z + in_class + 2.0 * r.normal();
                    // Names of classes and schools are unique only where they lie.
                    table.push(&[class, school, county], &[x, boy, y]);
                }
            }
        }
    }
    table
}
