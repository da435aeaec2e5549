#!/usr/bin/env python3
"""Vérifie une archive fiscale décompressée : fichiers, chaînes, documents. Python 3, sans dépendance."""
import hashlib
import json
import os
import sys

base = os.path.dirname(os.path.abspath(__file__))


def fault(text):
    print("ANOMALIE : " + text)
    sys.exit(1)


def path(name):
    return os.path.join(base, *name.split("/"))


with open(path("manifeste.json"), encoding="utf-8") as file:
    manifest = json.load(file)
hashes = {}
for entry in manifest["files"]:
    if not os.path.exists(path(entry["path"])):
        fault(entry["path"] + " manque.")
    with open(path(entry["path"]), "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != entry["sha256"]:
        fault(entry["path"] + " n’est pas le fichier du manifeste.")
    hashes[found] = entry["path"]
records = 0
for chain in manifest["chains"]:
    expected, previous = chain["first"], chain["previous"]
    with open(path(chain["file"]), encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            where = "chaîne %s, enregistrement %d" % (chain["chain"], record["seq"])
            if record["seq"] != expected:
                fault(where + " : il manque l’enregistrement %d." % expected)
            if record["previous"] != previous:
                fault(where + " ne suit pas le précédent.")
            found = hashlib.sha256(bytes.fromhex(previous) + record["body"].encode("utf-8")).hexdigest()
            if found != record["hash"]:
                fault(where + " : le texte a été modifié.")
            if record["kind"] == "invoice":
                body = json.loads(record["body"])
                for key in ("pdf_sha256", "xml_sha256"):
                    if body[key] not in hashes:
                        fault(where + " : le document %s n’est pas celui qui a été émis." % body["number"])
            previous, expected, records = record["hash"], expected + 1, records + 1
    if expected != chain["last"] + 1 or previous != chain["head"]:
        fault("chaîne %s : la fin manque." % chain["chain"])
print("%d fichiers et %d enregistrements vérifiés : rien n’a été modifié." % (len(hashes), records))
print("Vérifiez aussi la signature du manifeste : voir LISEZ-MOI.txt.")
