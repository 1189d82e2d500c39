# Payments under the policy of the session vectors, which allows transfers of USDC to one payee. Source it
# after lib.sh; the vector is $file.
# shellcheck shell=bash disable=SC2034
file=ecdsa
usdc=0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
payee=0x70997970C51812dc3A010C7d01b50e0d17dc79C8

# transfer PAYEE AMOUNT: as --call takes it.
transfer() { printf '%s,0,0xa9059cbb%s%s' $usdc "$(padded "$1")" "$(word "$2")"; }
pay=$(transfer $payee 1000000)
steal=$(transfer 0x01 1000000)

# import_session: the vector's, as the key "usdc" of the token "main", which is made.
import_session() {
    want 0 token init --label main --so-pin-file so-pin --pin-file pin
    session .serializedAccount >account.txt
    session .session.privateKey >key.hex
    want 0 key import --label usdc --key-file key.hex --serialized account.txt --chain-id 31337 --pin-file pin
    account=$(session .account)
    id=$(session .permissionId)
    send=(send --label usdc --call "$pay")
}
