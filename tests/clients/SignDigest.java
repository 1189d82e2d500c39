// Signs a digest with a key of a PKCS#11 token, as any Java program would.
//
// java SignDigest PROVIDER-CONFIGURATION ALIAS DIGEST-FILE SIGNATURE-FILE <PIN-FILE
// The signature is in DER.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;

class SignDigest {
    public static void main(String[] args) throws Exception {
        char[] pin = new BufferedReader(new InputStreamReader(System.in)).readLine().toCharArray();
        Provider provider = Security.getProvider("SunPKCS11").configure(args[0]);
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, pin);
        Signature signature = Signature.getInstance("NONEwithECDSA", provider);
        signature.initSign((PrivateKey) store.getKey(args[1], null));
        signature.update(Files.readAllBytes(Path.of(args[2])));
        Files.write(Path.of(args[3]), signature.sign());
    }
}
