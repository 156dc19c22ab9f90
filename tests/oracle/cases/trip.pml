<schema name="trip">
  <system>You plan trips for a small travel office. Answer in one short sentence.</system>
  <user>
    Good morning!
    <module name="plan">
      The guest wants to leave for <parameter name="duration" length="7" default="three days"/>.
      <union name="place">
        <module name="coast">
          The guest likes the sea.
          <union name="town">
            <module name="lisbon">Lisbon has trams, tiled houses and a wide river mouth.</module>
            <module name="nice">Nice has a long pebble beach and a night train to Paris.</module>
          </union>
          Boats leave every morning at 8:30.
        </module>
        <module name="hills">The hills are green in May; the huts open on 12 June.</module>
      </union>
      The guest travels alone.
    </module>
    <module name="budget">The budget is 1,250 €.</module>
    Which place should the guest see, and for how long?
  </user>
</schema>
