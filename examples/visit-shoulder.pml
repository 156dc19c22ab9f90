<?xml version="1.0" encoding="UTF-8"?>
<!-- Six of thirteen fields are filled in; the others say "not answered". -->
<prompt schema="visit_summary">
  <form age="44"
      occupation="violinist in an orchestra"
      where="left shoulder, up to the neck"
      since="about six weeks"
      movement="6"
      worse="holding the instrument, sleeping on the side"/>
  <work posture="sitting five hours"/>
  <telegraphic/>
  <user>
    It came slowly, I cannot say from what. For a week now it also wakes me at night, that is new. Could you
    write me something for the orchestra?
  </user>
</prompt>
