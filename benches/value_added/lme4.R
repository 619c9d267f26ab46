# lme4 over the same pupils, in memory: only the fit is timed.
#   Rscript benches/value_added/lme4.R FOLDER/city.csv
suppressMessages(library(lme4))
d <- read.csv(commandArgs(trailingOnly = TRUE)[1], colClasses = c("character", "numeric", "numeric"))
d$school <- factor(d$school)
d$prior <- d$prior - mean(d$prior)
seconds <- system.time({
  fit <- lmer(score ~ prior + (1 | school), d)
  effects <- ranef(fit, condVar = TRUE)
})[["elapsed"]]
cat(sprintf("lme4: %d pupils, %d schools: %.2f s\n", nrow(d), nlevels(d$school), seconds))
print(c(fixef(fit), sqrt(diag(as.matrix(vcov(fit))))), digits = 15)
print(as.data.frame(VarCorr(fit))$sdcor, digits = 12)
print(as.numeric(logLik(fit)), digits = 15)
first <- as.data.frame(effects)[1, ]
print(c(first$condval, first$condsd), digits = 12)
