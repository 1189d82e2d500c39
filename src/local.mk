# libvaletkey: base, eth, webauthn, kernel, thirdweb, policy. The same objects, unversioned, go into the
# provider and the command, so that neither depends on which libvaletkey.so is installed.
noinst_LTLIBRARIES += libvk-core.la libvk-token.la
libvk_core_la_SOURCES =
libvk_core_la_LIBADD = $(CRYPTO_LIBS) $(SECP256K1_LIBS) $(NETTLE_LIBS) $(CJSON_LIBS) $(CBOR_LIBS)
# token, keys, gate: what the provider adds.
libvk_token_la_SOURCES =
libvk_token_la_LIBADD = $(SQLITE_LIBS) $(FIDO2_LIBS)

lib_LTLIBRARIES += libvaletkey.la
libvaletkey_la_SOURCES =
libvaletkey_la_LIBADD = libvk-core.la
libvaletkey_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(srcdir)/src/libvaletkey.map
libvaletkey_la_DEPENDENCIES = libvk-core.la src/libvaletkey.map

pkgconfig_DATA = src/valetkey.pc
p11modulesdir = $(p11_modules_dir)
p11modules_DATA = src/valetkey.module
CLEANFILES += src/valetkey.module
# By its whole path: p11-kit looks for bare names in its own directory only.
src/valetkey.module: Makefile
	$(AM_V_GEN)$(MKDIR_P) src && printf '%s\n%s\n' \
		'# Session keys of smart accounts, see valetkey(1).' \
		'module: $(pkcs11dir)/valetkey-pkcs11.so' >$@
EXTRA_DIST += src/libvaletkey.map src/valetkey-pkcs11.map
