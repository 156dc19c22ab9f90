<?xml version="1.0" encoding="UTF-8"?>
<!-- Two products; the tone is left out, the union is not required. -->
<prompt schema="customer_email">
  <customer salutation="Dr. Vasquez" order="HS-1870" since="2018" language="Spanish"/>
  <complaint/>
  <products>
    <shelf/>
    <bench/>
  </products>
  <writer name="R. Falk" position="master joiner"/>
  <user>
    A rail of the shelf has come out of a plasterboard wall under about 40 kg of books for one metre. The bench
    below it now has a dent. No photographs yet.
  </user>
</prompt>
