# Objectives of quantreg's br on many small random data sets with ties, dependent columns, outliers and few rows.
#
#   Rscript stress.R SETS SEED FILE        needs Debian's r-cran-quantreg
#
# FILE holds doubles: for each set rows, columns, the rows, the scores, and an objective for each tau.
suppressPackageStartupMessages(library(quantreg))
arguments <- commandArgs(TRUE)
set.seed(as.integer(arguments[2]))
file <- file(arguments[3], "wb")
for (i in seq_len(as.integer(arguments[1]))) {
  n <- sample(c(3:12, 20:60, 200), 1); p <- sample(1:5, 1)
  numbers <- n * (p - 1)
  X <- cbind(1, matrix(switch(sample(4, 1), rnorm(numbers), sample(0:3, numbers, TRUE), round(rnorm(numbers) * 2), runif(numbers)^8 * 1e4), n))
  y <- switch(sample(4, 1), rnorm(n), sample(0:4, n, TRUE), rcauchy(n), round(X %*% rnorm(p)))
  rank <- qr(X)
  full <- X[, rank$pivot[seq_len(rank$rank)], drop = FALSE]      # br refuses dependent columns
  objectives <- sapply(c(0.005, 0.1, 0.25, 0.5, 0.8, 0.995), function(tau) {
    fit <- suppressWarnings(rq.fit(full, y, tau = tau, method = "br"))
    sum(fit$residuals * (tau - (fit$residuals < 0)))
  })
  writeBin(c(n, p, as.vector(t(X)), y, objectives), file)
}
close(file)
