libvk_token_la_SOURCES += src/token/anchor.c src/token/anchor.h src/token/anchor_slot.c src/token/anchor_slot.h src/token/attrs.c \
	src/token/attrs.h src/token/budget.c src/token/chain.c src/token/clock.c src/token/clock.h src/token/create.c src/token/crypt.c \
	src/token/crypt.h src/token/db.c src/token/db.h src/token/db_files.c src/token/db_status.h \
	src/token/decide.c src/token/decide.h src/token/draft.c src/token/enrolment.c src/token/enrolment.h src/token/file.c src/token/fork.c \
	src/token/fork.h src/token/grant.c src/token/group.c src/token/group.h src/token/home.c \
	src/token/home.h src/token/journal.c src/token/journal.h src/token/journal_admin.c \
	src/token/journal_rotate.c src/token/journal_verify.c src/token/key.c src/token/key_read.c \
	src/token/key_row.c src/token/login.c src/token/migrate.c src/token/migrate.h src/token/schema.c src/token/nonce.c \
	src/token/passkey.c src/token/passkey.h src/token/pending.c src/token/pending.h src/token/pin.c src/token/query.c src/token/relax.c \
	src/token/node.c src/token/object.c src/token/object.h src/token/receipt.c src/token/receipt.h src/token/reservation.c src/token/reservation.h \
	src/token/row.c src/token/rows_verify.c src/token/scope.c src/token/scope.h src/token/settings.c src/token/setup.c \
	src/token/sign_count.c src/token/spend.c src/token/spend.h src/token/spend_admin.c \
	src/token/spend_count.c src/token/spend_reserve.c src/token/sql.c src/token/state.c src/token/store.h src/token/token.c src/token/token.h \
	src/token/trust.c
