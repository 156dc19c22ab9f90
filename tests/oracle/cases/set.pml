<schema name="set">
  <system>
    You answer for a small hotel.
    <union name="room">
      <module name="attic">The room is in the attic, under a slate roof.</module>
      <module name="garden">The room opens onto the garden; its number is 12.</module>
    </union>
    <union name="meal">
      <module name="tea">Tea is served at 4 in the glass house.</module>
      <module name="supper">Supper is served at 7; the soup is of leeks.</module>
    </union>
    <module name="dog">A dog sleeps in the hall.</module>
    <union name="way">
      <module name="ferry">Guests come by the ferry from Ostby.</module>
      <module name="train">Guests come by the train, and walk up the hill.</module>
    </union>
    Name the number of the room first.
  </system>
  <scaffold name="two" modules="garden supper"/>
  <scaffold name="three" modules="garden supper dog"/>
  <scaffold name="other" modules="garden train"/>
</schema>
