"""Makes the corpus: main.py output-directory work-directory. Called by make.sh."""

import shutil

import by_gnutls
import by_java
import by_nss
import by_openssl
import by_python
import fields
import hostile
import index
import judge
import reencoded
from common import OUT
from pki import Pki


def main():
    for name in ("good", "bad"):
        shutil.rmtree(OUT / name, ignore_errors=True)
        (OUT / name).mkdir(parents=True)
    pki = Pki()
    for part in (by_openssl, by_java, by_nss, by_gnutls, by_python, fields, reencoded, hostile):
        print(part.__name__)
        part.make(pki)
    judge.judge()
    index.write(pki)


main()
