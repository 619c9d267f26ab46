//! The charts of a sheet, made by the workbook's own program from the cells above them.

use rust_xlsxwriter::{
    Chart, ChartFormat, ChartLegendPosition, ChartLine, ChartMarker, ChartMarkerType, ChartSolidFill, ChartType,
    ConditionalFormat2ColorScale, Worksheet, XlsxError,
};
use xueqing_query::AnswerColumn;

use crate::plan::Picture;
use crate::words::{Language, unit};
use crate::{Found, Told};

/// Where the titles of columns stand; rows follow.
const HEAD: u32 = 3;
const WIDE: u32 = 900;
const TALL: u32 = 300;
/// Sheet rows that a chart covers.
const ROWS: u32 = 17;
const ACCENT: &str = "#14696A";
const OVER: &str = "#BF3B26";
const PALE: &str = "#C3CACD";

/// Where the cells of a column stand.
struct Cells<'a> {
    sheet: String,
    found: &'a Found,
    columns: &'a [&'a AnswerColumn],
}

impl Cells<'_> {
    fn last(&self) -> u32 {
        HEAD + u32::try_from(self.found.rows.len()).unwrap_or(u32::MAX - HEAD)
    }

    fn place(&self, name: &str) -> Option<u16> {
        let at = self.columns.iter().position(|column| column.name == name)?;
        // A line of nothing would only be a name in the legend.
        self.found.shown().find(|row| row.get(name).is_some_and(serde_json::Value::is_number))?;
        u16::try_from(self.found.by.len() + at).ok()
    }

    /// A series of the column over the names of the rows.
    fn add(&self, chart: &mut Chart, name: &str, colour: &str) {
        let Some(at) = self.place(name) else { return };
        let names = u16::try_from(self.found.by.len().saturating_sub(1)).unwrap_or_default();
        let series = chart.add_series();
        series
            .set_name((self.sheet.as_str(), HEAD, at))
            .set_categories((self.sheet.as_str(), HEAD + 1, 0, self.last(), names))
            .set_values((self.sheet.as_str(), HEAD + 1, at, self.last(), at));
        series.set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(colour)));
    }
}

/// Puts the pictures of the table below it.
pub(crate) fn insert(
    sheet: &mut Worksheet,
    told: &Told,
    found: &Found,
    columns: &[&AnswerColumn],
    language: Language,
) -> Result<(), XlsxError> {
    let cells = Cells { sheet: sheet.name(), found, columns };
    let mut below = cells.last() + 2;
    for picture in told.asked.pictures {
        let charts = match picture {
            Picture::Days => vec![days(&cells, language), share(&cells, "coverage", ChartType::Column)],
            Picture::Bars => vec![bars(&cells, language)],
            Picture::Shares(column) => vec![share(&cells, column, ChartType::Bar)],
            Picture::Quadrant => vec![quadrant(&cells, language)],
            Picture::Heat => {
                colour(sheet, &cells)?;
                vec![]
            }
        };
        for mut chart in charts {
            let tall = if chart_is_long(*picture) {
                TALL.max(80 + 22 * u32::try_from(found.rows.len()).unwrap_or(60)).min(1400)
            } else {
                TALL
            };
            chart.set_width(WIDE).set_height(tall);
            sheet.insert_chart(below, 0, &chart)?;
            below += ROWS * tall / TALL + 1;
        }
    }
    Ok(())
}

fn chart_is_long(picture: Picture) -> bool {
    matches!(picture, Picture::Bars | Picture::Shares(_))
}

fn title(cells: &Cells, column: &str, language: Language) -> String {
    let found = cells.columns.iter().find(|one| one.name == column);
    found.map(|one| format!("{} {}", language.of(&one.title), unit(one.unit.as_deref(), language))).unwrap_or_default()
}

/// Means over days, with the limit where there is one.
fn days(cells: &Cells, language: Language) -> Chart {
    let mut chart = Chart::new(ChartType::Line);
    for (name, colour) in [("mean_minutes", ACCENT), ("limit_minutes", OVER)] {
        let Some(at) = cells.place(name) else { continue };
        let series = chart.add_series();
        series
            .set_name((cells.sheet.as_str(), HEAD, at))
            .set_categories((cells.sheet.as_str(), HEAD + 1, 0, cells.last(), 0))
            .set_values((cells.sheet.as_str(), HEAD + 1, at, cells.last(), at))
            .set_format(ChartFormat::new().set_line(ChartLine::new().set_color(colour).set_width(2)));
    }
    chart.y_axis().set_name(&title(cells, "mean_minutes", language)).set_min(0);
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart
}

/// Means beside their limits, the first row on top as in the table.
fn bars(cells: &Cells, language: Language) -> Chart {
    let mut chart = Chart::new(ChartType::Bar);
    cells.add(&mut chart, "mean_minutes", ACCENT);
    cells.add(&mut chart, "limit_minutes", PALE);
    // Bars lie down: their names are at the vertical axis.
    chart.y_axis().set_reverse();
    chart.x_axis().set_name(&title(cells, "mean_minutes", language)).set_min(0);
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart
}

/// One share, from nothing to all.
fn share(cells: &Cells, column: &str, kind: ChartType) -> Chart {
    let mut chart = Chart::new(kind);
    cells.add(&mut chart, column, if kind == ChartType::Column { PALE } else { ACCENT });
    let values = if kind == ChartType::Bar {
        chart.y_axis().set_reverse();
        chart.x_axis()
    } else {
        chart.y_axis()
    };
    values.set_min(0).set_max(1).set_num_format("0%");
    chart.legend().set_hidden();
    chart
}

/// Minutes against standard scores.
fn quadrant(cells: &Cells, language: Language) -> Chart {
    let mut chart = Chart::new(ChartType::Scatter);
    if let (Some(load), Some(quality)) = (cells.place("minutes"), cells.place("quality")) {
        let mut marker = ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(ACCENT)).to_owned();
        chart
            .add_series()
            .set_name(language.say(("负担与质量", "Load and quality")))
            .set_categories((cells.sheet.as_str(), HEAD + 1, load, cells.last(), load))
            .set_values((cells.sheet.as_str(), HEAD + 1, quality, cells.last(), quality))
            .set_marker(ChartMarker::new().set_type(ChartMarkerType::Circle).set_size(6).set_format(&mut marker));
    }
    chart.x_axis().set_name(&title(cells, "minutes", language)).set_min(0);
    chart.y_axis().set_name(&title(cells, "quality", language));
    chart.legend().set_hidden();
    chart
}

/// Cells as deep as they are high.
fn colour(sheet: &mut Worksheet, cells: &Cells) -> Result<(), XlsxError> {
    let at = u16::try_from(cells.found.by.len()).unwrap_or_default();
    let scale = ConditionalFormat2ColorScale::new().set_minimum_color("#F6F7F4").set_maximum_color(ACCENT);
    sheet.add_conditional_format(HEAD + 1, at, cells.last(), at, &scale)?;
    Ok(())
}
