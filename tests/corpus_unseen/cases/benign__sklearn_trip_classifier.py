import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(2)
X = rng.normal(size=(400, 6))
y = (X[:, 0] + 0.5 * X[:, 3] ** 2 + 0.3 * rng.normal(size=400) > 0.6).astype(int)

clf = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=30, random_state=0))
clf.set_params(randomforestclassifier__max_depth=4)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.25, random_state=0)
clf.fit(Xa, ya)
print("held back accuracy %.3f" % clf.score(Xb, yb))
print("cross validation", cross_val_score(clf, X, y, cv=3).round(3))
forest = clf.named_steps["randomforestclassifier"]
for i in np.argsort(forest.feature_importances_)[::-1][:3]:
    print("signal", i, forest.feature_importances_[i].round(3))
