#!/usr/bin/env node
// Signs an operation with nothing but standard PKCS#11 (graphene-pk11).
//
// standard-way.mjs MODULE TOKEN LABEL OPERATION-FILE <PIN-FILE
// prints {"signature":"0x<r and s>","assertion":{...} or null} for "valetkey userop attach".
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import graphene from "graphene-pk11";

const { ObjectClass, SessionFlag } = graphene;
const [path, token, label, operation] = process.argv.slice(2);
const pin = readFileSync(0, "utf8").split("\n")[0];
const module = graphene.Module.load(path);
module.initialize();
try {
    const slots = module.getSlots(true);
    const all = Array.from({ length: slots.length }, (_, i) => slots.items(i));
    const slot = all.find((s) => s.getToken().label.trimEnd() === token);
    const session = slot.open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION);
    session.login(pin);
    const objectId = randomBytes(16); // tells our objects from those of other operations
    session.create({
        class: ObjectClass.DATA,
        token: true,
        application: "valetkey-userop",
        label,
        objectId,
        value: readFileSync(operation),
    });
    const value = (application) => {
        const found = session.find({ class: ObjectClass.DATA, application, objectId });
        return found.length > 0 ? found.items(0).getAttribute("value") : null;
    };
    const digest = value("valetkey-digest");
    const assertion = value("valetkey-assertion");
    const key = session.find({ class: ObjectClass.PRIVATE_KEY, label }).items(0).toType();
    const signature = session.createSign("ECDSA", key).once(digest);
    console.log(
        JSON.stringify({
            signature: `0x${signature.toString("hex")}`,
            assertion: assertion && JSON.parse(assertion.toString()),
        }),
    );
    session.logout();
    session.close();
} finally {
    module.finalize();
}
