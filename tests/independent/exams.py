"""Figures of exam results, from a frame of exam, subject, student, score, status and whatever it is grouped by."""

from figures import deviation, mean


def standardise(results):
    """Adds z = (score − μ) / σ within exam and subject, σ being the population's, over all results that there are."""
    scored = results[results["status"] == "scored"]
    norms = {key: (mean(part), deviation(part, 0)) for key, part in scored.groupby(["exam", "subject"])["score"]}

    def z(row):
        if row["status"] != "scored":
            return None
        centre, spread = norms[row["exam"], row["subject"]]
        return (row["score"] - centre) / spread if spread else None

    return results.assign(z=results.apply(z, axis=1))


def summary(part):
    scores = part.loc[part["status"] == "scored", "score"]
    status = part["status"].value_counts()
    return {
        "students": part.loc[part["status"] == "scored", "student"].nunique(),
        "n": len(scores),
        "absent": int(status.get("absent", 0)),
        "exempt": int(status.get("exempt", 0)),
        "cheating": int(status.get("cheating", 0)),
        "mean": mean(scores),
        "sd_sample": deviation(scores, 1),
        "sd_population": deviation(scores, 0),
        "standard_score": mean(part["z"].dropna()),
    }
