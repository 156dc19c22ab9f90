<?xml version="1.0" encoding="UTF-8"?>
<!-- Notes that contradict each other, for the facts test (bench/facts): the members of a union say the same things
     of another branch, supplier, carrier or manager, in the same order, and never the same. So an answer shows
     which member it was read from. A sentence to a line; the words before each fact are those of the answer in
     bench/facts/shop_floor.json. The chain of shops and all that is said of it is invented. -->
<schema name="shop_floor" version="1">
  <system>
    You are the desk assistant of Bolt and Brindle, a chain of hardware shops, and you help the people who work on
    the shop floor. The notes below tell you about one branch, one supplier, one carrier and one manager, and they
    hold for today. Answer every question from these notes, in one short sentence that uses the words of the note.
    Do not guess.

    <union name="branch">
      <module name="leith">
        In Leith the key to the gate hangs behind the boiler, on a hook that only tall people can reach.
        For luck, the floor of the shop is painted green, and it is washed before the doors open.
        With two people and a list, the stock is counted every Tuesday, however busy the tills are.
        Customers should know that the cat of the shop is called Pepper and sleeps on the doormats.
        Older neighbours remember that the building was once a bakery with an oven in the yard.
      </module>
      <module name="malvern">
        Staff in Malvern know that the key to the gate hangs behind the mirror in the small washroom.
        Since the flood, the floor of the shop is painted yellow, so that puddles are easy to see.
        As soon as the last customer has left, the stock is counted every Friday by the whole team.
        Found as a kitten in a wheelbarrow, the cat of the shop is called Tiger by everybody.
        A brass plate beside the door says that the building was once a prison of nine narrow cells.
      </module>
      <module name="harwich">
        At our Harwich branch the key to the gate hangs behind the curtain next to the lamp display.
        An artist chose the shade, and the floor of the shop is painted purple from wall to wall.
        Long before the first delivery comes, the stock is counted every Monday with a hand scanner.
        Because of its proud walk, the cat of the shop is called Captain, even by small children.
        Rows of rusty bolts in the ground show that the building was once a cinema for silent films.
      </module>
      <module name="kendal">
        Visitors to Kendal never guess that the key to the gate hangs behind the piano near the entrance.
        To hide the stains of oil, the floor of the shop is painted black and polished twice a year.
        By an old habit, the stock is counted every Saturday while the radio plays dance music.
        After a famous goalkeeper, the cat of the shop is called Oscar and wears a tiny bell.
        From the tall windows you can tell that the building was once a school for orphans.
      </module>
      <module name="torquay">
        Torquay does it differently: the key to the gate hangs behind the freezer, wrapped in a cloth.
        Sailors gave us the rest of a tin, hence the floor of the shop is painted blue like their deck.
        Always in pairs and without haste, the stock is counted every Wednesday, right after lunch.
        Known as a thief of sausages, the cat of the shop is called Shadow and must not be fed.
        Hoof marks in the stone prove that the building was once a stable with room for twelve ponies.
      </module>
    </union>

    <union name="supplier">
      <module name="halloran">
        From Halloran the screws arrive in a bucket whose lid doubles as a handy scoop.
        Reached by a single railway line, the factory stands in Lisbon, close to the airport.
        Light and hard to break, the handle of each hammer is made of bamboo and coated with varnish.
        Printed on every label, the trademark shows a fox that carries a lantern in its mouth.
        To the surprise of our office, the invoices are written in Dutch and need a translator.
      </module>
      <module name="northgate">
        Orders from Northgate are heavy: the screws arrive in a barrel that two people must roll.
        Rebuilt after the war, the factory stands in Prague under a very tall brick chimney.
        Warm in the hand, the handle of each hammer is made of cork around a thin core.
        Drawn by the founder's daughter, the trademark shows a whale above three small waves.
        As the owners are stubborn, the invoices are written in Greek, with notes in the margin.
      </module>
      <module name="tessmer">
        Tessmer saves on packing, which is why the screws arrive in a sack tied up with string.
        Cooled by mountain water, the factory stands in Vienna, just behind the opera house.
        Against slipping, the handle of each hammer is made of rubber with a pattern of ridges.
        Stamped deep into the metal, the trademark shows a bear with one paw in the air.
        By a family tradition, the invoices are written in Welsh, although the sums are easy to read.
      </module>
      <module name="okafor">
        Goods of Okafor look homely, since the screws arrive in a basket lined with soft paper.
        Powered by the sun alone, the factory stands in Cairo at the edge of the old market.
        Meant to last for ever, the handle of each hammer is made of bronze and has to be oiled.
        Seen on the side of every van, the trademark shows a horse that leaps over a wall.
        Until the new accountant begins, the invoices are written in Polish on thin sheets.
      </module>
      <module name="pellworm">
        Pellworm likes to be noticed, and so the screws arrive in a drawer with brass corners.
        Hidden among empty warehouses, the factory stands in Oslo, a short walk from the quay.
        Out of thrift, the handle of each hammer is made of leather that was rolled and glued.
        Older than the firm itself, the trademark shows a lion that wears a golden crown.
        Ever since the merger, the invoices are written in Spanish and are sent to us twice.
      </module>
    </union>

    <union name="carrier">
      <module name="swiftline">
        Whenever Swiftline comes, the lorry parks beside the fountain, because the kerb there is low.
        Easy to spot in a crowd, the driver wears a helmet with the number of the route.
        Before anything else is unloaded, damaged parcels are marked with a star on the top.
        So that mistakes can be put right, the receipt is signed in pencil at the counter.
        Over any distance, glass is packed in straw and stands upright during the journey.
      </module>
      <module name="brandt">
        Brandt has got a permit, with which the lorry parks beside the library for up to an hour.
        Whatever the weather is like, the driver wears a hat that somebody's grandmother knitted.
        After a look at all six sides, damaged parcels are marked with a circle and photographed.
        Rain cannot wash it away, for the receipt is signed in paint with a very thin brush.
        To keep the load as light as possible, glass is packed in foam that is cut to size.
      </module>
      <module name="ferris">
        Ferris avoids the narrow lane; instead the lorry parks beside the bridge with its lights on.
        By a custom of the islands, the driver wears a skirt together with heavy boots.
        At the wish of the insurers, damaged parcels are marked with a cross and kept apart.
        Nobody remembers the reason, but the receipt is signed in chalk on a piece of slate.
        As the roads are rough, glass is packed in wool from the sheep of a nearby farm.
      </module>
      <module name="kestrel">
        Kestrel comes late at night, when the lorry parks beside the hospital without a sound.
        Proud of the company, the driver wears a coat with a bird on the back.
        Without any discussion, damaged parcels are marked with a triangle and go straight home.
        Children are amused to see that the receipt is signed in wax from a thick candle.
        In cartons filled to the rim, glass is packed in cotton, which stops all rattling.
      </module>
      <module name="marlow">
        The route of Marlow ends in the square, where the lorry parks beside the statue of a general.
        Even in the heat of summer, the driver wears a tie that is made of silk.
        Visible from far away, damaged parcels are marked with a ribbon around the middle.
        As in the days of sailing ships, the receipt is signed in ink with a steel nib.
        Odd as it sounds, glass is packed in popcorn, which the birds may eat later.
      </module>
    </union>

    <union name="manager">
      <module name="agnes">
        On days when Agnes is in charge, the manager drinks cocoa from a chipped enamel mug.
        Very few colleagues know that the manager was born in Iceland during a snowstorm.
        Once the shutters are down, the manager plays the harp in the empty storeroom.
        Never later than eight, the manager comes to work by tram and reads a novel on the way.
        Day or night, in an emergency the manager telephones Ruth, who lives across the street.
      </module>
      <module name="boris">
        While Boris leads the shift, the manager drinks juice that is pressed from sour apples.
        An old passport on the wall proves that the manager was born in Peru, high in the hills.
        At the summer party, the manager plays the trumpet until the neighbours complain.
        For the sake of fitness, the manager comes to work by bicycle, even through deep snow.
        Without losing a second, in an emergency the manager telephones Victor at the fire station.
      </module>
      <module name="hilda">
        As long as Hilda holds the keys, the manager drinks tea with two slices of ginger.
        By a twist of fate, the manager was born in Kenya, where both parents built roads.
        To calm down angry customers, the manager plays the violin behind the counter.
        From a cottage on the far shore, the manager comes to work by boat when the tide allows it.
        As a card near the till says, in an emergency the manager telephones Martha before anyone else.
      </module>
      <module name="omar">
        Under Omar the rule is simple: the manager drinks coffee, and nobody else may touch the pot.
        According to the staff magazine, the manager was born in Japan as the youngest of six.
        In a band of local plumbers, the manager plays the drums with two wooden spoons.
        With sandwiches for everybody, the manager comes to work by train from the next valley.
        By agreement with the owners, in an emergency the manager telephones George, a retired electrician.
      </module>
      <module name="wendy">
        Now that Wendy is on duty, the manager drinks milk, straight from the bottle.
        Over lunch it came out that the manager was born in Canada, not far from a frozen lake.
        Up on the roof, the manager plays the flute to the pigeons, if it does not rain.
        Thanks to a free pass, the manager comes to work by bus and sits right at the front.
        Since the police are far away, in an emergency the manager telephones Simon, who owns a van.
      </module>
    </union>

    These were the notes. Read the question, find the sentence in the notes that answers it, and repeat its words.
  </system>
</schema>
