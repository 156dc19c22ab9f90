<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="customer_email">
  <customer salutation="Mr Adeyemi" order="HS-2291"/>
  <delay promised="Friday, 14 June" ready="Tuesday, 9 July"/>
  <table/>
  <warm/>
  <writer name="Bettina"/>
  <user>
    Oak table of 240 cm. The planks had to be dried again, moisture was at 14 %. He asked last week whether he
    could have it for his daughter's birthday on 21 June.
  </user>
</prompt>
