# Rows of splines::bs inside, on and outside the boundary, with and without repeated knots.
#
#   Rscript bs.R > bs.txt        needs R's splines (made with R 4.2.2)
#
# A line: low, high, number of knots, knots, score, columns of the row.
library(splines)
scores <- c(12.25, 20, 20.5, 33.3, 47, 47.5, 60, 71.9, 88, 99.999, 100, 113)
for (knots in list(c(40, 55, 62.125, 70), c(47, 47, 60, 60), c(50), c(20, 50, 50, 50)))
  for (score in scores) {
    row <- suppressWarnings(unclass(bs(score, knots = knots, Boundary.knots = c(20, 100)))[1, ])
    cat(sprintf("%.15g", c(20, 100, length(knots), knots, score, row)), "\n")
  }
