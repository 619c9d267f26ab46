# quantreg's fn on the columns that the bench left: Rscript growth.R FILE [QUANTILES]
#
# All 100 quantiles take minutes; with QUANTILES fewer are fitted, spread evenly, and the time is scaled up.
suppressPackageStartupMessages(library(quantreg))
arguments <- commandArgs(TRUE)
file <- file(arguments[1], "rb"); size <- readBin(file, "double", 2)
X <- matrix(readBin(file, "double", size[1] * size[2]), size[1], byrow = TRUE)
y <- readBin(file, "double", size[1]); close(file)
count <- if (length(arguments) > 1) as.integer(arguments[2]) else 100
taus <- ((1:100 * 10 - 5) / 1000)[unique(round(seq(1, 100, length.out = count)))]
objective <- 0
time <- system.time(for (tau in taus) {
  fit <- rq.fit(X, y, tau = tau, method = "fn")
  objective <- objective + sum(fit$residuals * (tau - (fit$residuals < 0)))
})[["elapsed"]]
cat(sprintf("quantreg %s fn: %.1f s for %d of 100 quantiles, %.1f s for all%s\n", packageVersion("quantreg"), time, length(taus),
            time * 100 / length(taus), if (length(taus) == 100) sprintf(", objective %.6f", objective) else ""))
