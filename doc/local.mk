EXTRA_DIST += doc/guide.md doc/guide-accounts.md doc/guide-browser-passkeys.md doc/images/passkey.png doc/examples/passkey.html doc/guide-data.md doc/guide-passkey-server.md doc/guide-standard-way.md doc/hardening.md doc/security-keys.md \
	doc/threat-model.md doc/header-man.awk doc/clients doc/examples/standard-way.mjs doc/examples/standard-way.py \
	doc/examples/valetkey-p11-kit.socket doc/examples/valetkey-p11-kit@.service doc/examples/vendor-way.mjs \
	doc/examples/vendor-way.py doc/examples/viem/README.md doc/examples/viem/package.json \
	doc/examples/viem/package-lock.json doc/examples/viem/send.mjs doc/examples/viem/session-account.mjs
dist_man1_MANS = doc/valetkey.1 doc/valetkey-batch.1

# valetkey(3), and a page for every other public header.
doc/man3.stamp: $(vkinclude_HEADERS) doc/header-man.awk
	$(AM_V_GEN)rm -rf doc/man3 && $(MKDIR_P) doc/man3 && \
	for header in $(vkinclude_HEADERS); do \
	  name=`basename $$header .h`; \
	  page=valetkey-$$name; test $$name != valetkey || page=valetkey; \
	  $(AWK) -v name=$$name -v version=$(PACKAGE_VERSION) -f $(srcdir)/doc/header-man.awk \
	    $(srcdir)/$$header >doc/man3/$$page.3 || exit 1; \
	done && echo done >$@
all-local: doc/man3.stamp
install-data-local: doc/man3.stamp
	$(MKDIR_P) '$(DESTDIR)$(mandir)/man3' && \
	$(INSTALL_DATA) doc/man3/*.3 '$(DESTDIR)$(mandir)/man3'
uninstall-local:
	for page in doc/man3/*.3; do rm -f "$(DESTDIR)$(mandir)/man3/`basename $$page`"; done
clean-local:
	rm -rf doc/man3
CLEANFILES += doc/man3.stamp
