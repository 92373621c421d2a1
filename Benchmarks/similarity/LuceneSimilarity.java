import java.lang.management.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.store.*;
import org.apache.lucene.util.BytesRef;

/** FOLDER (of `bench-similarity … write`): Lucene's own processor time for the same questions, words chosen as more_like_this does. */
public class LuceneSimilarity {
    static final String[] FIELDS = {"title", "overview", "genres"};
    static final int WORDS = 25, FILMS = 100;
    static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    public static void main(String[] arguments) throws Exception {
        Path folder = Paths.get(arguments[0]);
        FieldType text = new FieldType(TextField.TYPE_NOT_STORED), word = new FieldType(StringField.TYPE_NOT_STORED);
        for (FieldType type : List.of(text, word)) {
            type.setStoreTermVectors(true);
            type.freeze();
        }
        Map<String, Integer> numbers = new HashMap<>();
        Directory directory = new ByteBuffersDirectory();
        long start = System.nanoTime();
        try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig(new StandardAnalyzer()))) {
            for (String line : Files.readAllLines(folder.resolve("films.tsv"), StandardCharsets.UTF_8)) {
                String[] cells = line.split("\t", -1);
                Document document = new Document();
                document.add(new Field("title", cells[1], text));
                document.add(new Field("overview", cells[2], text));
                for (String genre : cells[3].split("\\|")) if (!genre.isEmpty()) document.add(new Field("genres", genre, word));
                numbers.put(cells[0], numbers.size());
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        System.out.printf("lucene %s: %d films in %.1f s%n", org.apache.lucene.util.Version.LATEST, numbers.size(),
            (System.nanoTime() - start) / 1e9);
        Map<Integer, List<int[]>> questions = new TreeMap<>();
        for (String line : Files.readAllLines(folder.resolve("questions"), StandardCharsets.UTF_8)) {
            int[] liked = Arrays.stream(line.split(" ")).mapToInt(numbers::get).toArray();
            questions.computeIfAbsent(liked.length, n -> new ArrayList<>()).add(liked);
        }
        try (IndexReader reader = DirectoryReader.open(directory)) {
            IndexSearcher searcher = new IndexSearcher(reader);
            searcher.setQueryCache(null);
            for (Map.Entry<Integer, List<int[]>> entry : questions.entrySet()) {
                long[] whole = new long[entry.getValue().size()], search = new long[whole.length];
                // The first rounds are the compiler's.
                for (int round = 0; round < 4; round++) {
                    for (int number = 0; number < whole.length; number++) {
                        long asked = THREADS.getCurrentThreadCpuTime();
                        Query query = query(reader, entry.getValue().get(number));
                        long chosen = THREADS.getCurrentThreadCpuTime();
                        searcher.search(query, FILMS + entry.getKey());
                        long found = THREADS.getCurrentThreadCpuTime();
                        whole[number] = found - asked;
                        search[number] = found - chosen;
                    }
                }
                Arrays.sort(whole);
                Arrays.sort(search);
                System.out.printf("lucene, %d liked: median %.1f µs, p99 %.1f µs; search alone %.1f µs%n", entry.getKey(),
                    whole[whole.length / 2] / 1e3, whole[whole.length * 99 / 100] / 1e3, search[search.length / 2] / 1e3);
            }
        }
    }

    static Query query(IndexReader reader, int[] liked) throws Exception {
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        TermVectors vectors = reader.termVectors();
        for (String field : FIELDS) {
            Map<BytesRef, Integer> frequencies = new HashMap<>();
            for (int document : liked) {
                Terms terms = vectors.get(document, field);
                if (terms == null) continue;
                TermsEnum each = terms.iterator();
                for (BytesRef term = each.next(); term != null; term = each.next()) {
                    int frequency = (int) each.totalTermFreq();
                    Integer before = frequencies.get(term);
                    frequencies.put(before == null ? BytesRef.deepCopyOf(term) : term, frequency + (before == null ? 0 : before));
                }
            }
            record Word(BytesRef term, double weight) {}
            PriorityQueue<Word> heaviest = new PriorityQueue<>(Comparator.comparingDouble(Word::weight));
            for (Map.Entry<BytesRef, Integer> entry : frequencies.entrySet()) {
                int films = reader.docFreq(new Term(field, entry.getKey()));
                if (films < 2) continue;
                double weight = entry.getValue() * (1 + Math.log((reader.numDocs() + 1.0) / (films + 1.0)));
                if (heaviest.size() == WORDS && heaviest.peek().weight() >= weight) continue;
                heaviest.add(new Word(BytesRef.deepCopyOf(entry.getKey()), weight));
                if (heaviest.size() > WORDS) heaviest.poll();
            }
            for (Word chosen : heaviest)
                query.add(new TermQuery(new Term(field, chosen.term())), BooleanClause.Occur.SHOULD);
        }
        return query.build();
    }
}
