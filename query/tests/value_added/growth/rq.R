# Regression quantiles of awkward data by quantreg's exact method, on data that any language can make again.
#
#   Rscript rq.R > rq.txt        needs Debian's r-cran-quantreg (made with R 4.2.2 and quantreg 5.94)
#
# A line: data set, tau, 1 if quantreg calls the solution unique, objective, coefficients.
suppressPackageStartupMessages({library(quantreg); library(splines)})
state <- 7
draw <- function() { state <<- (state * 16807) %% 2147483647; state / 2147483647 }
draws <- function(n) vapply(seq_len(n), function(i) draw(), 0)
taus <- c(0.005, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.985, 0.995)

sets <- list()
# Three columns of plain numbers.
u <- matrix(draws(4 * 400), 400, byrow = TRUE)
sets$plain <- list(X = cbind(1, u[, 1:3]), y = u[, 1] * 3 - u[, 2] + (1 + u[, 3]) * u[, 4])
# The spread is without end.
u <- matrix(draws(3 * 400), 400, byrow = TRUE)
sets$tails <- list(X = cbind(1, u[, 1], u[, 2]), y = u[, 1] + 1 / (u[, 3] - 0.5))
# Whole scores on whole scores: many pupils are in the same place.
u <- matrix(draws(2 * 1500), 1500, byrow = TRUE)
x <- floor(u[, 1] * 60 + 40); y <- floor(0.7 * x + 30 * u[, 2] + 0.5)
sets$whole <- list(X = cbind(1, unclass(bs(x, knots = c(52, 64, 76, 88), Boundary.knots = c(34.1, 104.9)))[, ]), y = y)
# Six levels and four groups: solutions are not unique.
u <- matrix(draws(2 * 200), 200, byrow = TRUE)
g <- floor(4 * u[, 1])
sets$levels <- list(X = cbind(1, g == 1, g == 2, g == 3), y = floor(6 * u[, 2]))
# Nineteen pupils.
u <- matrix(draws(3 * 19), 19, byrow = TRUE)
sets$nineteen <- list(X = cbind(1, u[, 1], u[, 2]), y = u[, 1] + u[, 3])
for (name in names(sets)) for (tau in taus) {
  unique <- 1
  fit <- withCallingHandlers(rq.fit(sets[[name]]$X, sets[[name]]$y, tau = tau, method = "br"),
    warning = function(w) { unique <<- 0; invokeRestart("muffleWarning") })
  objective <- sum(fit$residuals * (tau - (fit$residuals < 0)))
  cat(name, tau, unique, sprintf("%.12g", c(objective, fit$coefficients)), "\n")
}
