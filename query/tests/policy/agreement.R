# Invented pairs of measured and reported minutes, and what R says of them, by the formulas of Bland & Altman 1999 and Lin 1989/2000.
#   Rscript agreement.R > agreement.txt
set.seed(5)
measured <- round(60 * exp(0.4 * rnorm(40)), 1)
reported <- round(measured * 1.05 + 4 + 9 * rnorm(40))
show <- function(name, values) cat(name, paste(format(values, digits = 15, trim = TRUE, scientific = FALSE), collapse = " "), "\n")
show("measured", measured)
show("reported", reported)
t <- t.test(measured, reported, paired = TRUE)
show("bias", c(t$estimate, t$conf.int))
d <- measured - reported
n <- length(d)
limits <- mean(d) + c(-1, 1) * qnorm(0.975) * sd(d)
error <- sd(d) * sqrt(1 / n + qnorm(0.975)^2 / (2 * (n - 1)))
show("lower", limits[1] + c(0, -1, 1) * qt(0.975, n - 1) * error)
show("upper", limits[2] + c(0, -1, 1) * qt(0.975, n - 1) * error)
line <- lm(d ~ I((measured + reported) / 2))
show("growth", c(coef(line)[2], confint(line)[2, ]))
r <- cor(measured, reported)
s <- c(var(measured), var(reported)) * (n - 1) / n
rc <- 2 * cov(measured, reported) * (n - 1) / n / (sum(s) + mean(d)^2)
u <- mean(d) / prod(s)^0.25
z <- sqrt((((1 - r^2) * rc^2 / ((1 - rc^2) * r^2)) + (2 * rc^3 * (1 - rc) * u^2 / (r * (1 - rc^2)^2)) -
  rc^4 * u^4 / (2 * r^2 * (1 - rc^2)^2)) / (n - 2))
show("concordance", tanh(atanh(rc) + c(0, -1, 1) * qnorm(0.975) * z))
rho <- cor(measured, reported, method = "spearman")
show("ranks", tanh(atanh(rho) + c(0, -1, 1) * qnorm(0.975) * sqrt((1 + rho^2 / 2) / (n - 3))))
