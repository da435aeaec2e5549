//! The names and sentences that demo data is made of.

pub(super) const FIRST_NAMES: &[&str] = &[
    "Camille", "Léa", "Manon", "Chloé", "Inès", "Jade", "Louise", "Alice", "Zoé", "Éloïse", "Agnès", "Hélène", "Océane", "Maëlle", "Anaïs", "Noémie", "Sarah", "Fatou",
    "Lucas", "Hugo", "Louis", "Gabriel", "Arthur", "Jules", "Raphaël", "Noël", "Gaël", "Loïc", "Yann", "Benoît", "Jérôme", "François", "Clément", "Mehdi", "Karim", "Thierry",
    "Soizic", "Brigitte", "Gérard", "Monique", "Xavier", "Stéphane", "Aurélie", "Cécile",
];
pub(super) const LAST_NAMES: &[&str] = &[
    "Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Dubois", "Moreau", "Laurent", "Simon", "Michel", "Lefèvre", "Leroy", "Roux", "David", "Bertrand",
    "Morel", "Fournier", "Girard", "Bonnet", "Dupont", "Lambert", "Fontaine", "Rousseau", "Vincent", "Müller", "Faure", "Mercier", "Blanc", "Guérin", "Boyer", "Garnier",
    "Chevalier", "Legrand", "Gauthier", "Garcia", "Perrin", "Robin", "Clément", "Morin", "Nguyen", "Benali", "Traoré", "Diallo", "Le Goff", "D’Hérouville", "De La Tour", "Payet",
    "Hoarau", "Schmitt", "Weber", "Saint-Germain", "Bœuf", "Péres",
];
pub(super) const COMPANY_KINDS: &[&str] = &["Taxi", "Boulangerie", "Transports", "Menuiserie", "Cabinet", "Plomberie", "Librairie", "Ambulances", "Paysages", "Conseil", "Agence", "Imprimerie", "Traiteur", "Pharmacie"];
pub(super) const LEGAL_FORMS: &[&str] = &["SARL", "SAS", "EURL", "SA", "et Fils", "& Associés"];
pub(super) const STREETS: &[&str] = &["rue de l’Église", "avenue Jean-Jaurès", "place du Marché", "rue Victor-Hugo", "chemin des Vignes", "boulevard de la Liberté", "impasse du Moulin", "quai de la Gare"];
pub(super) const JOBS: &[&str] = &["Gérante", "Directeur", "Comptable", "Responsable de flotte", "Assistante de direction", "Chef d’atelier", "Acheteuse"];
pub(super) const SOURCES: &[&str] = &["Bouche-à-oreille", "Site web", "Téléphone", "Passage", "Google", "Salon"];

/// Towns around each company: (town, postal code).
pub(super) fn towns(trade: &str) -> &'static [(&'static str, &'static str)] {
    match trade {
        "garage" => &[("Lyon", "69003"), ("Lyon", "69007"), ("Villeurbanne", "69100"), ("Bron", "69500"), ("Vénissieux", "69200"), ("Caluire-et-Cuire", "69300"), ("Écully", "69130"), ("Vienne", "38200")],
        "hotel" => &[("Bordeaux", "33000"), ("Paris", "75011"), ("Nantes", "44000"), ("Toulouse", "31000"), ("Mérignac", "33700"), ("Bruxelles", ""), ("Bayonne", "64100"), ("La Rochelle", "17000")],
        _ => &[("Strasbourg", "67000"), ("Schiltigheim", "67300"), ("Haguenau", "67500"), ("Colmar", "68000"), ("Obernai", "67210"), ("Sélestat", "67600"), ("Illkirch-Graffenstaden", "67400")],
    }
}

/// Tags of each trade, with their tones.
pub(super) fn tags(trade: &str) -> &'static [(&'static str, &'static str)] {
    match trade {
        "garage" => &[("Fidèle", "good"), ("Flotte", "info"), ("Assurance", "neutral"), ("À rappeler", "bad"), ("Pneus stockés", "neutral"), ("VIP", "info")],
        "hotel" => &[("Habitué", "good"), ("Séminaire", "info"), ("Groupe", "neutral"), ("VIP", "info"), ("Animal", "neutral"), ("À rappeler", "bad")],
        _ => &[("Habitué", "good"), ("Allergie", "bad"), ("Privatisation", "info"), ("Groupe", "neutral"), ("VIP", "info"), ("Carte cadeau", "neutral")],
    }
}

/// Notes of each trade.
pub(super) fn notes(trade: &str) -> &'static [&'static str] {
    match trade {
        "garage" => &[
            "Veut un véhicule de prêt pour la prochaine révision.",
            "Préfère être appelé après 18 h.",
            "Contrôle technique à prévoir au printemps : lui proposer un créneau.",
            "Devis pneus hiver envoyé, réponse attendue la semaine prochaine.",
            "Bruit à l’avant droit au freinage, à vérifier au prochain passage.",
            "Flotte de sept utilitaires, facturation en fin de mois.",
        ],
        "hotel" => &[
            "Demande toujours une chambre au calme, côté cour.",
            "Arrivée tardive : prévoir le code de la porte.",
            "Organise un séminaire de vingt personnes chaque automne.",
            "Voyage avec un chien de petite taille.",
            "Facture au nom de l’entreprise, bon de commande obligatoire.",
            "A beaucoup aimé la chambre 12.",
        ],
        _ => &[
            "Allergie aux fruits à coque, prévenir la cuisine.",
            "Table près de la fenêtre si possible.",
            "Anniversaire de mariage en juin : proposer le menu dégustation.",
            "Privatise la petite salle pour le repas d’équipe de décembre.",
            "Vient souvent à midi avec des clients.",
            "Préfère réserver par téléphone.",
        ],
    }
}
