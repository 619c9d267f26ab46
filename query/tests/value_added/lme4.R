# What lme4 gives for data that lme4.R and generated.rs make alike; the answers are kept in lme4.json.
#   Rscript query/tests/value_added/lme4.R > query/tests/value_added/lme4.json
# For Chem97 instead, when its folder is given:
#   Rscript query/tests/value_added/lme4.R ../shared/data/chem97 > /tmp/chem97.json
# Needs lme4 and jsonlite (Debian: r-cran-lme4, r-cran-jsonlite). Made with lme4 1.1-31, R 4.2.2.
suppressMessages({ library(lme4); library(jsonlite) })

# Park and Miller's generator: exact in doubles, and so the same in any language.
state <- 1
uniform <- function() { state <<- (16807 * state) %% 2147483647; state / 2147483647 }
normal <- function() { sum <- 0; for (i in 1:12) sum <- sum + uniform(); sum - 6 }
normals <- function(n) vapply(seq_len(n), function(i) normal(), 0)
pick <- function(n) floor(uniform() * n) + 1

crossed <- function() {
  state <<- 20260901
  primary <- normals(60); secondary <- 0.7 * normals(35)
  rows <- lapply(1:1500, function(i) {
    p <- pick(60); s <- if (uniform() < 0.7) (p %% 35) + 1 else pick(35)
    x <- normal(); c(p, s, x, 2 + 0.6 * x + primary[p] + secondary[s] + 1.5 * normal())
  })
  d <- as.data.frame(do.call(rbind, rows)); names(d) <- c("primary", "secondary", "x", "y"); d
}

nested <- function() {
  state <<- 20250101
  rows <- list()
  for (county in 1:12) {
    in_county <- 0.5 * normal()
    for (school in 1:(2 + pick(6))) {
      in_school <- 0.8 * normal(); slope <- 0.3 * normal() + 0.2 * in_school
      for (class in 1:(1 + pick(3))) {
        in_class <- 0.4 * normal()
        for (pupil in 1:(5 + pick(25))) {
          x <- 5 + 0.8 * normal(); boy <- if (uniform() < 0.5) 1 else 0
          z <- (x - 5) / 0.8
          y <- 70 + 6 * z - 0.5 * boy + in_county + in_school + slope * z + in_class + 2 * normal()
          rows[[length(rows) + 1]] <- c(county, school, class, x, boy, y)
        }
      }
    }
  }
  d <- as.data.frame(do.call(rbind, rows)); names(d) <- c("county", "school", "class", "x", "boy", "y")
  d$school <- d$county * 100 + d$school; d$class <- d$school * 10 + d$class; d
}

# lme4's criterion is known to ten digits or so, and a search that only compares values of it stops where the variances have half of
# them. Newton's steps, with differences of fourth order over lme4's own criterion, bring the rest; parameters at zero stay there.
polish <- function(criterion, theta, lower) {
  free <- which(theta - lower > 1e-3)
  h <- 1e-3
  move <- function(x, i, by) { x[free[i]] <- x[free[i]] + by; x }
  slope <- function(f, x, i) (8 * (f(move(x, i, h)) - f(move(x, i, -h))) - (f(move(x, i, 2 * h)) - f(move(x, i, -2 * h)))) / (12 * h)
  gradient <- function(x) vapply(seq_along(free), function(i) slope(criterion, x, i), 0)
  for (round in 1:3) {
    second <- vapply(seq_along(free), function(i) (gradient(move(theta, i, h)) - gradient(move(theta, i, -h))) / (2 * h), numeric(length(free)))
    theta[free] <- theta[free] - solve(matrix(second, length(free)), gradient(theta))
  }
  theta
}

answer <- function(formula, data, reml, profile = FALSE) {
  parts <- lFormula(formula, data, REML = reml)
  criterion <- do.call(mkLmerDevfun, parts)
  first <- optimizeLmer(criterion, optimizer = "bobyqa", control = list(rhoend = 1e-9, maxfun = 1e5))
  theta <- polish(criterion, first$par, environment(criterion)$lower)
  best <- list(par = theta, fval = criterion(theta), conv = 0, feval = 0)
  fit <- mkMerMod(environment(criterion), best, parts$reTrms, fr = parts$fr, mc = quote(lmer()))
  if (profile) fit_again <- lmer(formula, data, REML = reml)
  effects <- as.data.frame(ranef(fit, condVar = TRUE))
  components <- as.data.frame(VarCorr(fit))
  list(fixed = unname(fixef(fit)), error = unname(sqrt(diag(as.matrix(vcov(fit))))),
       variance = lapply(seq_len(nrow(components)), function(i) as.list(components[i, c("grp", "var1", "var2", "vcov")])),
       log_likelihood = as.numeric(logLik(fit)),
       effects = list(grouping = as.character(effects$grpvar), term = as.character(effects$term), group = as.character(effects$grp),
                      estimate = effects$condval, error = effects$condsd),
       profile = if (profile) { i <- confint(fit_again, method = "profile", quiet = TRUE, devtol = 1e-7); i[grepl("^\\.sig", rownames(i)), ] })
}

folder <- commandArgs(trailingOnly = TRUE)
if (length(folder) == 1) {
  d <- read.csv(file.path(folder, "Chem97.csv"))
  models <- list(two_level = score ~ gcsecnt + (1 | school), three_level = score ~ gcsecnt + (1 | lea) + (1 | school),
                 random_slope = score ~ gcsecnt + (1 + gcsecnt | school))
  answers <- lapply(models, answer, data = d, reml = TRUE)
} else {
  c <- crossed(); n <- nested(); n$z <- n$x - 5
  answers <- list(
    crossed_reml = answer(y ~ x + (1 | primary) + (1 | secondary), c, TRUE),
    crossed_ml = answer(y ~ x + (1 | primary) + (1 | secondary), c, FALSE, profile = TRUE),
    crossed_slope = answer(y ~ x + (1 + x | primary) + (1 | secondary), c, TRUE),
    nested_reml = answer(y ~ z + boy + (1 | class) + (1 | school) + (1 | county), n, TRUE),
    nested_slope = answer(y ~ z + boy + (1 | class) + (1 + z | school) + (1 | county), n, TRUE),
    nested_ml = answer(y ~ z + boy + (1 | school), n, FALSE, profile = TRUE))
}
cat(toJSON(answers, digits = I(15), auto_unbox = TRUE, na = "null", null = "null"), "\n")
