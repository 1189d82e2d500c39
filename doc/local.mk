EXTRA_DIST += doc/guide.md doc/threat-model.md
dist_man1_MANS = doc/valetkey.1
