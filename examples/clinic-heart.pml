<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="clinic_letters">
  <cardiology/>
  <before-admission/>
  <insulin/>
  <representative/>
  <everyday/>
  <phone-call/>
  <bus-and-train/>
  <user>
    Mrs Vera Lomax gets a stent on Tuesday, 14 May. Write to her representative, Mr Colin Reeve: until when she may
    eat and drink, where she has to be and when, what becomes of her insulin, and what we need from him before.
  </user>
</prompt>
