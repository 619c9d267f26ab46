# Growth percentiles by the method as R would do them: splines::bs and quantreg, on a panel that any language can make again.
#
#   Rscript sgp.R PUPILS METHOD > answers        e.g.  Rscript sgp.R 3000 br > sgp_3000.txt
#
# Needs Debian's r-cran-quantreg (made with R 4.2.2 and quantreg 5.94). METHOD is quantreg's: br gives vertices, fn comes near them.
# The answers: one line about how they were made, one with the sum of ten times all scores (a check that the panel is the same),
# one per order with the pupils and the sum of the 100 objectives, then the pupils' percentiles, 0 for none.
suppressPackageStartupMessages({library(quantreg); library(splines)})
arguments <- commandArgs(TRUE)
n <- as.integer(arguments[1]); method <- arguments[2]

# Lehmer's generator: every product is below 2^53, so doubles hold it exactly.
state <- 20240901
draw <- function() { state <<- (state * 16807) %% 2147483647; state / 2147483647 }
bell <- function() { sum <- 0; for (i in 1:12) sum <- sum + draw(); sum - 6 }

# A cohort has tests in grades 5 to 8; one pupil in eight lacks any given earlier score.
cohort <- function(n) t(vapply(1:n, function(i) {
  ability <- bell()
  scores <- numeric(4)
  for (j in 1:4) scores[j] <- floor((60 + 2 * j + 10 * ability + (5 + 0.5 * ability) * bell()) * 10 + 0.5) / 10
  for (j in 1:3) if (draw() < 0.125) scores[j] <- NA
  scores
}, numeric(4)))
target <- cohort(n)                      # grade 8 in 2024, 7 in 2023, 6 in 2022, 5 in 2021
younger <- cohort(n %/% 2)               # grade 6 in 2023: column 2
youngest <- cohort(n %/% 2)              # grade 5 in 2023: column 1
before <- list(youngest[, 1], younger[, 2], target[, 3])   # who was in grades 5, 6, 7 in the year before

knots <- lapply(before, function(x) round(as.numeric(quantile(x, c(.2, .4, .6, .8), na.rm = TRUE)), 3))
boundaries <- lapply(before, function(x) round(extendrange(x[!is.na(x)], f = 0.1), 3))
taus <- (1:100 * 10 - 5) / 1000
percentiles <- integer(n)
orders <- character(0)
for (k in 1:3) {
  priors <- 3:(4 - k)
  rows <- which(stats::complete.cases(target[, priors, drop = FALSE]))
  columns <- lapply(priors, function(j) suppressWarnings(
    unclass(bs(target[rows, j], knots = knots[[j]], Boundary.knots = boundaries[[j]]))[, , drop = FALSE]))
  X <- do.call(cbind, c(list(1), columns)); y <- target[rows, 4]
  fits <- lapply(taus, function(tau) suppressWarnings(rq.fit(X, y, tau = tau, method = method)))
  objective <- sum(mapply(function(fit, tau) { r <- y - X %*% fit$coefficients; sum(r * (tau - (r < 0))) }, fits, taus))
  predictions <- round(X %*% sapply(fits, function(fit) fit$coefficients), 5)
  predictions <- t(apply(predictions, 1, sort))
  below <- rowSums(predictions < y)
  percentiles[rows] <- pmin(pmax(below, 1), 99)
  orders <- c(orders, sprintf("%d %.10f", length(rows), objective))
}
scores <- c(target, younger, youngest)
cat(sprintf("# %d pupils, quantreg %s, method %s, R %s\n", n, packageVersion("quantreg"), method, getRversion()))
cat(sprintf("%.0f\n", sum(round(10 * scores[!is.na(scores)]))))
cat(orders, sep = "\n"); cat("\n")
starts <- seq(1, n, by = 40)
for (start in starts) cat(percentiles[start:min(start + 39, n)], sep = " ", fill = FALSE, "\n")
