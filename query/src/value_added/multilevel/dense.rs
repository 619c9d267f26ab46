//! Small dense symmetric matrices, row by row in slices: what is done once per group, where a library's call would cost more than
//! the sums.

/// Replaces the lower triangle of the `n`×`n` matrix `a` by its Cholesky factor; false when `a` is not positive definite.
pub(crate) fn cholesky(a: &mut [f64], n: usize) -> bool {
    for j in 0..n {
        for i in j..n {
            let inner: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - inner;
            if i > j {
                a[i * n + j] = rest / a[j * n + j];
            } else if rest > 0.0 && rest.is_finite() {
                a[j * n + j] = rest.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// As [`cholesky`] for a matrix that may be singular: what has no variation left gets a column of zeros; the upper triangle is cleared.
pub(crate) fn semi_cholesky(a: &mut [f64], n: usize) {
    for j in 0..n {
        let spent: f64 = (0..j).map(|k| a[j * n + k].powi(2)).sum();
        let rest = a[j * n + j] - spent;
        let diagonal = if rest > 1e-12 * a[j * n + j] { rest.sqrt() } else { 0.0 };
        a[j * n + j] = diagonal;
        for i in j + 1..n {
            let inner: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            a[i * n + j] = if diagonal > 0.0 { (a[i * n + j] - inner) / diagonal } else { 0.0 };
            a[j * n + i] = 0.0;
        }
    }
}

/// `L L'` of the `n`×`n` matrix `l`.
pub(crate) fn square(l: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|at| dot(&l[at / n * n..at / n * n + n], &l[at % n * n..at % n * n + n])).collect()
}

/// Solves `L x = b` in place.
pub(crate) fn solve_lower(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let inner: f64 = (0..i).map(|k| l[i * n + k] * b[k]).sum();
        b[i] = (b[i] - inner) / l[i * n + i];
    }
}

/// Solves `L' x = b` in place.
pub(crate) fn solve_upper(l: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let inner: f64 = (i + 1..n).map(|k| l[k * n + i] * b[k]).sum();
        b[i] = (b[i] - inner) / l[i * n + i];
    }
}

/// Solves `L L' x = b` in place.
pub(crate) fn solve(l: &[f64], n: usize, b: &mut [f64]) {
    solve_lower(l, n, b);
    solve_upper(l, n, b);
}

/// `(L L')⁻¹`.
pub(crate) fn inverse(l: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    let mut column = vec![0.0; n];
    for j in 0..n {
        column.fill(0.0);
        column[j] = 1.0;
        solve(l, n, &mut column);
        (0..n).for_each(|i| inverse[i * n + j] = column[i]);
    }
    inverse
}

/// `ln |L L'|`.
pub(crate) fn log_determinant(l: &[f64], n: usize) -> f64 {
    2.0 * (0..n).map(|i| l[i * n + i].ln()).sum::<f64>()
}

/// `x' A y` over the first `n` of each.
pub(crate) fn form(a: &[f64], n: usize, x: &[f64], y: &[f64]) -> f64 {
    (0..n).map(|i| x[i] * dot(&a[i * n..(i + 1) * n], &y[..n])).sum()
}

pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The rows and columns `keep` of the `n`×`n` matrix `a`.
pub(crate) fn block(a: &[f64], n: usize, keep: &[usize]) -> Vec<f64> {
    keep.iter().flat_map(|&i| keep.iter().map(move |&j| a[i * n + j])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];

    #[test]
    fn a_factor_solves_and_inverts() {
        let mut l = A;
        assert!(cholesky(&mut l, 3));
        let mut b = [1.0, 2.0, 3.0];
        solve(&l, 3, &mut b);
        (0..3).for_each(|i| assert!((dot(&A[i * 3..i * 3 + 3], &b) - (i as f64 + 1.0)).abs() < 1e-14));
        let inverse = inverse(&l, 3);
        let product: f64 = (0..3).map(|k| A[k] * inverse[k * 3]).sum();
        assert!((product - 1.0).abs() < 1e-14);
        let determinant = 4.0 * (15.0 - 1.0) - 2.0 * (6.0 - 0.6) + 0.6 * (2.0 - 3.0);
        assert!((log_determinant(&l, 3) - f64::ln(determinant)).abs() < 1e-14);
    }

    #[test]
    fn a_singular_matrix_has_a_root_too() {
        let a = [4.0, 2.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 3.0];
        let mut l = a;
        semi_cholesky(&mut l, 3);
        square(&l, 3).iter().zip(a).for_each(|(x, y)| assert!((x - y).abs() < 1e-14));
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert!(!cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2));
        assert!(!cholesky(&mut [f64::NAN], 1));
    }
}
