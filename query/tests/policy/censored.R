# Invented minutes of which some were cut off at 90, and what R's survival says of them.
#   Rscript censored.R > censored.txt      (survival 3)
suppressMessages(library(survival))
set.seed(4)
minutes <- round(60 * exp(0.5 * rnorm(60)), 1)
minutes[1:4] <- 50 # ties
cut <- minutes > 90 | seq_along(minutes) %% 13 == 0
minutes <- pmin(minutes, 90)
show <- function(name, values) cat(name, paste(format(values, digits = 15, trim = TRUE, scientific = FALSE), collapse = " "), "\n")
show("minutes", minutes)
show("cut_off", as.integer(cut))
curve <- survfit(Surv(minutes, !cut) ~ 1, conf.type = "log-log")
at <- curve$n.event > 0
show("time", curve$time[at])
show("at_risk", curve$n.risk[at])
show("share", curve$surv[at])
show("low", curve$lower[at])
show("high", curve$upper[at])
middle <- quantile(curve, 0.5)
show("median", c(middle$quantile, middle$lower, middle$upper))
high <- quantile(curve, 0.55)
show("p55", c(high$quantile, high$lower, high$upper))
table <- summary(curve, rmean = max(minutes))$table
show("restricted", table[c("rmean", "se(rmean)")])
over <- summary(curve, times = 60)
show("over_60", c(over$surv, over$std.err, over$lower, over$upper))
law <- survreg(Surv(minutes, !cut) ~ 1, dist = "lognormal", control = survreg.control(rel.tolerance = 1e-14))
show("lognormal", c(coef(law), law$scale))
v <- vcov(law) # of the location and the logarithm of the scale
show("lognormal_errors", sqrt(diag(v)))
by <- c(1, law$scale^2)
log_mean <- coef(law) + law$scale^2 / 2
error <- sqrt(drop(by %*% v %*% by))
show("lognormal_mean", exp(log_mean + c(0, -1, 1) * qnorm(0.975) * error))
