//! Which groups there are, how they lie in each other, and how many pupils each has.

use std::collections::HashMap;

use super::model::Arrangement;
use super::moments::Moments;

/// The groups of each grouping.
pub(crate) struct Groups {
    /// For each grouping, for each group.
    pub of: Vec<Vec<Group>>,
    /// For each grouping, the group of each cell.
    pub of_cell: Vec<Vec<u32>>,
    /// Nested: the place of each group's parent in the next grouping, 0 at the top.
    pub parents: Vec<Vec<u32>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub n: f64,
    /// A cell of its pupils: its name, and those of the groups around it, can be read there.
    pub cell: u32,
}

impl Groups {
    pub fn new(moments: &Moments, arrangement: Arrangement) -> Self {
        let of_cell: Vec<Vec<u32>> = match arrangement {
            Arrangement::Nested => (0..moments.factors.len()).map(|level| nested_in(moments, level)).collect(),
            Arrangement::Crossed => moments.factors.iter().map(|factor| factor.of_cell.clone()).collect(),
        };
        let size = moments.width * moments.width;
        let count = |of_cell: &Vec<u32>| {
            let mut groups: Vec<Option<Group>> = vec![None; of_cell.iter().max().map_or(0, |most| *most as usize + 1)];
            for (cell, &group) in of_cell.iter().enumerate() {
                let group = groups[group as usize].get_or_insert(Group { n: 0.0, cell: cell as u32 });
                group.n += moments.products[cell * size];
            }
            groups.into_iter().flatten().collect::<Vec<_>>()
        };
        let of: Vec<Vec<Group>> = of_cell.iter().map(count).collect();
        let parent = |(level, groups): (usize, &Vec<Group>)| {
            let above = |group: &Group| of_cell.get(level + 1).map_or(0, |of_cell| of_cell[group.cell as usize]);
            groups.iter().map(above).collect()
        };
        let parents = of.iter().enumerate().map(parent).collect();
        Self { of, of_cell, parents }
    }
}

/// The group of each cell when a name need only be unique within all coarser ones.
fn nested_in(moments: &Moments, level: usize) -> Vec<u32> {
    let mut places: HashMap<Vec<u32>, u32> = HashMap::new();
    let path = |cell: usize| moments.factors[level..].iter().map(|factor| factor.of_cell[cell]).collect::<Vec<_>>();
    let mut place = |cell: usize| {
        let next = places.len() as u32;
        *places.entry(path(cell)).or_insert(next)
    };
    (0..moments.cells()).map(&mut place).collect()
}
