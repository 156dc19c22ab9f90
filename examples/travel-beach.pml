<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="travel" duration="ten days" departure="Manchester">
  <beach>
    <maldives/>
  </beach>
  <couple/>
  <comfort/>
  <winter/>
  <luggage/>
  <user>
    Our flight lands in Malé at 17:00. Can we still take the seaplane to our resort that evening?
    If not, what should we do instead?
  </user>
</prompt>
