libvk_core_la_SOURCES += src/eth/abi_type.c src/eth/abi_type.h
libvk_core_la_SOURCES += src/eth/abi.c src/eth/abi.h src/eth/eip712.c src/eth/entry_point.c \
	src/eth/keccak.c src/eth/keccak.h src/eth/receipt.c src/eth/secp256k1.c src/eth/secp256k1_sign.c src/eth/userop.c src/eth/userop_abi.c \
	src/eth/userop_hash.c src/eth/userop_json.c src/eth/userop_json.h src/eth/userop_pack.c \
	src/eth/userop_pack.h src/eth/userop_read.c src/eth/userop_tuple.c src/eth/userop_tuple.h \
	src/eth/userop_write.c src/eth/validity.c
libvk_core_la_SOURCES += src/eth/typed_data.c src/eth/typed_data.h src/eth/typed_types.c \
	src/eth/typed_types.h
